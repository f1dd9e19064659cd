import { H3 } from "h3";
import { onTestFinished } from "vitest";
import type { Target } from "../../../scripts/hostile/attack.ts";
import { RelayProcess } from "../../../scripts/hostile/relay-process.ts";
import type { Http3Gateway, Http3GatewayOptions } from "../../../src/gateway/index.ts";
import type { QuicpipeOptions, Relay } from "../../../src/plugin/index.ts";
import type { OpenMailbox } from "../../../src/plugin/mailbox/mailbox.ts";
import { openMemoryMailbox } from "../../../src/plugin/mailbox/memory.ts";
import { resolveSettings } from "../../../src/plugin/options/settings.ts";
import { relayWith } from "../../../src/plugin/quicpipe.ts";
import { testCertificate } from "./certificate.ts";
import { startHttp2, startHttp3, targetAt } from "./gateway.ts";
import { commonPort } from "./network/ports.ts";
import { tokenFor } from "./token.ts";

/** A relay in an h3 app that is served over HTTP/3, on loopback, for one test. */
export interface TestRelay {
  readonly relay: Relay;
  readonly app: H3;
  readonly port: number;
  readonly certificate: string;
  readonly gateway: Http3Gateway;
}

let mailbox: OpenMailbox = openMemoryMailbox;

/** Gives another store of messages to the relays that the tests of this file make from now on. */
export function useMailbox(open: OpenMailbox): void {
  mailbox = open;
}

/** Makes a relay on loopback, which is in no app and does not listen yet; it is closed when the test ends. */
export function createRelay(options: QuicpipeOptions = {}): Relay {
  const settings = resolveSettings({ host: "127.0.0.1", port: 0, logger: false, ...options }, process.env);
  const relay = relayWith(settings, mailbox);
  onTestFinished(() => relay.close({ graceMs: 0 }));
  return relay;
}

/** Starts a relay with its gateway; both are closed when the test ends. */
export async function startRelay(
  options: QuicpipeOptions = {},
  app: H3 = new H3(),
  gatewayOptions: Partial<Http3GatewayOptions> = {},
): Promise<TestRelay> {
  const gateway = await startHttp3(app, {
    sourceOf: (address, port) => relay.sourceOf(address, port),
    ...gatewayOptions,
  });
  const relay = createRelay({ upstream: { port: gateway.port }, auth: "none", ...options });
  app.use(relay);
  const { port } = await relay.listen();
  const { certificate } = await testCertificate();
  return { relay, app, port, certificate, gateway };
}

/** A relay whose app is served over HTTP/2 at the port number of the relay, as an attack sees it. */
export async function startTarget(
  options: QuicpipeOptions,
  token: Target["token"] = tokenFor,
): Promise<{ readonly relay: Relay; readonly target: Target }> {
  const port = await commonPort();
  const relay = createRelay({ port, ...options });
  await relay.listen();
  await startHttp2(new H3({ silent: true }).use(relay), { port });
  return { relay, target: { ...(await targetAt({ port })), token } };
}

/** Starts a relay in a process of its own, which ends with the test. */
export async function startRelayProcess(backend: string): Promise<RelayProcess> {
  const relay = await RelayProcess.start(backend);
  onTestFinished(() => relay.close());
  return relay;
}
