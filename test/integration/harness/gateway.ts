import { onTestFinished } from "vitest";
import type { Target } from "../../../scripts/hostile/attack.ts";
import { RawHttp3, type RawHttp3Options } from "../../../scripts/hostile/clients/raw-http3.ts";
import {
  type Http2Gateway,
  type Http2GatewayOptions,
  type Http3App,
  type Http3Gateway,
  type Http3GatewayOptions,
  serveHttp2,
  serveHttp3,
} from "../../../src/gateway/index.ts";
import { testCertificate } from "./certificate.ts";

/** Serves an app over HTTP/2 and HTTP/1.1, on loopback unless said; closed when the test ends. */
export async function startHttp2(
  app: Http3App,
  options: Partial<Http2GatewayOptions> = {},
): Promise<Http2Gateway> {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const gateway = await serveHttp2(app, { host: "127.0.0.1", key, cert, logger: false, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** Serves an app over HTTP/3, on loopback; closed when the test ends. */
export async function startHttp3(
  app: Http3App,
  options: Partial<Http3GatewayOptions> = {},
): Promise<Http3Gateway> {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const gateway = await serveHttp3(app, { key, cert, logger: false, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** What listens at a port of loopback with the test's certificate, as a client sees it that has no token. */
export async function targetAt({ port }: { readonly port: number }): Promise<Target> {
  const { certificate } = await testCertificate();
  return { host: "127.0.0.1", port, certificate, token: () => Promise.resolve("") };
}

/** Connects a client that may break every rule of HTTP/3; it is closed when the test ends. */
export async function openRawHttp3(target: Target, options?: RawHttp3Options): Promise<RawHttp3> {
  const client = await RawHttp3.open(target, options);
  onTestFinished(() => client.close());
  return client;
}
