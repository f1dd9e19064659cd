import type { H3Event } from "h3";
import type { Scope } from "../../protocol.ts";
import type { AddressProof } from "../../registry/index.ts";
import type { RequestTrace } from "../../telemetry/index.ts";
import type { Identity } from "../auth/identity.ts";
import type { QuicpipeError } from "../../errors.ts";
import type { Service } from "../service.ts";
import type { Operation } from "./operations.ts";

/** A request matched to a route and authenticated. */
export interface ApiRequest {
  readonly event: H3Event;
  readonly identity: Identity;
  readonly service: Service;
  /** The address that the request proved on arrival. It does not change while the body is read. */
  readonly proof: AddressProof | null;
  /** The decoded value of a `{name}` in the route's path. */
  param(name: string): string;
  /** Returns the decoded value of a `{name}`; `undefined` if the route's path has none of that name. */
  optionalParam(name: string): string | undefined;
}

/** A method of a path of the HTTP interface. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path below the family's root; `{name}` stands for one segment. */
  readonly path: string;
  /** Scope that the token needs; `null` for a route without a token. */
  readonly scope: Scope | null;
  /** Alternative scope. */
  readonly orScope?: Scope;
  /** Its OpenAPI description, if it belongs to the protocol. */
  readonly operation?: Operation;
  handle(request: ApiRequest): Response | Promise<Response>;
}

/** A route of the relay's protocol. */
export interface DescribedRoute extends Route {
  /** Path of former versions, an alias. */
  readonly formerPath?: string;
  readonly operation: Operation;
}

/** A request and its trace. */
export interface TracedRequest extends ApiRequest {
  readonly trace: RequestTrace;
}

/** Routes below one root, with their own way to authenticate and to refuse. */
export interface RouteFamily {
  readonly routes: readonly Route[];
  /** Headers of every answer, including refusals. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Paths below the root that the family answers, with a problem where it has no route: a path, or one and all below it with
   * `/**` at its end. The others are the app's.
   */
  readonly territory: readonly string[];
  /** The setting with the path that the family's routes are below; without one it is switched off. */
  readonly root: "basePath" | "consolePath" | "healthPath" | "metricsPath";
  /** Authenticates a request. @throws the reason of its rejection */
  identify(event: H3Event, service: Service): Promise<Identity>;
  /** Answers with a problem, for every code of `problemKinds`. */
  refuse(problem: QuicpipeError, event: H3Event, path: string): Response;
}
