import type { H3Event } from "h3";
import type { Scope } from "../../protocol.ts";
import type { AddressProof } from "../../registry/index.ts";
import type { Identity } from "../auth/identity.ts";
import type { QuicpipeError } from "../../errors.ts";
import type { Service } from "../service.ts";
import type { Settings } from "../options/settings.ts";

/** A request that was authenticated and matched to a route. */
export interface ApiRequest {
  readonly event: H3Event;
  readonly identity: Identity;
  readonly service: Service;
  /** What it proved when it came, whatever happens until its body has been read. */
  readonly proof: AddressProof | null;
  /** The decoded value of a `{name}` in the route's path. */
  param(name: string): string;
}

/** One method of one path of the HTTP interface. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the base path; `{name}` stands for one segment. */
  readonly path: string;
  /** What the token must allow; `null` for a route that needs no token. */
  readonly scope: Scope | null;
  /** A scope that does as well. */
  readonly orScope?: Scope;
  handle(request: ApiRequest): Response | Promise<Response>;
}

/** Routes below one root, with a way of their own to tell who asks and to refuse. */
export interface RouteFamily {
  readonly routes: readonly Route[];
  /** What every answer is sent with, refusals too. */
  readonly headers: Readonly<Record<string, string>>;
  /** The path as {@link Route.path} has it, if a request's is this family's to answer. */
  pathOf(pathname: string, settings: Settings): string | undefined;
  /** Who asks. @throws what says why nobody is believed */
  identify(event: H3Event, service: Service): Promise<Identity>;
  /** Tells the caller why not, for every code of `problemKinds`. */
  refuse(problem: QuicpipeError, event: H3Event, path: string): Response;
}
