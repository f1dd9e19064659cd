import { H3 } from "h3";
import { onTestFinished } from "vitest";
import {
  createCertificate,
  serveHttp3,
  type Certificate,
  type Http3Gateway,
  type Http3GatewayOptions,
} from "../../../src/gateway/index.ts";
import { quicpipe, type QuicpipeOptions, type Relay } from "../../../src/plugin/index.ts";

/** A relay in an h3 app that is served over HTTP/3, on loopback, for one test. */
export interface TestRelay {
  readonly relay: Relay;
  readonly app: H3;
  readonly port: number;
  /** The UDP port of the HTTP/3 server behind the relay. */
  readonly upstreamPort: number;
  readonly certificate: string;
  readonly gateway: Http3Gateway;
}

let certificate: Promise<Certificate> | undefined;

/** One certificate for all tests of a file: making it is the slow part. */
export function testCertificate(): Promise<Certificate> {
  certificate ??= createCertificate({ name: "test", hosts: ["localhost", "127.0.0.1"] });
  return certificate;
}

/** Starts a relay with its gateway; both are closed when the test ends. */
export async function startRelay(
  options: QuicpipeOptions = {},
  app: H3 = new H3(),
  gatewayOptions: Partial<Http3GatewayOptions> = {},
): Promise<TestRelay> {
  const tls = await testCertificate();
  const gateway = await serveHttp3(app, {
    key: tls.privateKey,
    cert: tls.certificate,
    sourceOf: (address, port) => relay.sourceOf(address, port),
    logger: false,
    ...gatewayOptions,
  });
  const relay = quicpipe({
    host: "127.0.0.1",
    port: 0,
    upstream: { port: gateway.port },
    logger: false,
    auth: "none",
    ...options,
  });
  app.use(relay);
  await relay.listen();
  onTestFinished(async () => {
    await gateway.close();
    await relay.close({ graceMs: 0 });
  });
  return {
    relay,
    app,
    port: relay.address().port,
    upstreamPort: gateway.port,
    certificate: tls.certificate,
    gateway,
  };
}
