import { randomBytes } from "node:crypto";
import type { Socket } from "node:dgram";
import { H3 } from "h3";
import { onTestFinished } from "vitest";
import { type Http2Gateway, serveHttp2 } from "../../../src/gateway/index.ts";
import type { QuicpipeOptions } from "../../../src/plugin/index.ts";
import type { RegisterResponse } from "../../../src/protocol.ts";
import { testCertificate } from "../harness/certificate.ts";
import { packetFor } from "../harness/packets.ts";
import type { RelayApp } from "../harness/relay-app.ts";
import { createRelay } from "../harness/relay.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { openSocket, prove } from "../harness/udp-peer.ts";

/** A relay whose app is served over HTTP/2, as browsers reach it. */
export interface ConsoleApp extends RelayApp {
  readonly port: number;
  /** Takes the HTTP/2 server down. */
  takeDown(): Promise<void>;
  /** Brings it back, at the same port. */
  bringBack(): Promise<void>;
}

/** A peer that is registered. */
export interface RegisteredPeer {
  readonly id: string;
  readonly key: Buffer;
  readonly socket: Socket;
}

/** Starts a relay with its HTTP/2 server; both are closed when the test ends. */
export async function startConsoleApp(
  options: QuicpipeOptions = {},
  app: H3 = new H3({ silent: true }),
): Promise<ConsoleApp> {
  const { certificate: cert, privateKey: key } = await testCertificate();
  const relay = createRelay({ auth: { secret }, ...options });
  app.use(relay);
  await relay.listen();
  const serve = (port: number): Promise<Http2Gateway> =>
    serveHttp2(app, { host: "127.0.0.1", port, key, cert });
  let gateway = await serve(0);
  const { port } = gateway;
  onTestFinished(() => gateway.close());
  return {
    relay,
    app,
    port,
    url: `https://127.0.0.1:${port}`,
    takeDown: () => gateway.close(),
    async bringBack() {
      gateway = await serve(port);
    },
  };
}

/** Registers a peer under a name; its address is not proven yet. */
export async function register(
  { app }: ConsoleApp,
  subject: string,
): Promise<RegisterResponse & { key: Buffer }> {
  const key = randomBytes(32);
  const token = await tokenFor(subject, { scope: "relay:register" });
  const response = await app.request("/v1/register", {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ key: key.toString("base64"), num: 4 }),
  });
  return { ...((await response.json()) as RegisterResponse), key };
}

/** Registers a peer under a name, with its address proven. */
export async function join(served: ConsoleApp, subject: string): Promise<RegisteredPeer> {
  const registration = await register(served, subject);
  const socket = await openSocket();
  await prove(served, socket, registration);
  return { id: registration.id, key: registration.key, socket };
}

/** Sends packets of 1200 bytes from one peer to another, some every 20 ms, until the test ends. */
export function talk(
  { relay }: ConsoleApp,
  from: RegisteredPeer,
  to: RegisteredPeer,
  packetsPerTurn: number,
): void {
  const { address, port } = relay.address();
  const packet = packetFor(to.key, "x".repeat(1187));
  const timer = setInterval(() => {
    for (let sent = 0; sent < packetsPerTurn; sent++) from.socket.send(packet, port, address);
  }, 20);
  onTestFinished(() => clearInterval(timer));
}

/** An app with four peers, three of whom talk; carol also sends to a peer that has no address yet. */
export async function startBusyConsoleApp(): Promise<ConsoleApp> {
  const served = await startConsoleApp();
  const [alice, bob, carol] = [
    await join(served, "alice"),
    await join(served, "bob"),
    await join(served, "carol"),
  ];
  const dave = await register(served, "dave");
  talk(served, alice, bob, 4);
  talk(served, bob, alice, 1);
  talk(served, carol, alice, 2);
  talk(served, carol, { ...carol, ...dave }, 1);
  return served;
}
