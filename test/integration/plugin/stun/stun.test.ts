import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Socket } from "node:dgram";
import {
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
} from "../../../../src/wire/stun-binding.ts";
import type { RegisterResponse, RegistrationStats } from "../../../../src/protocol.ts";
import { connectHttp3 } from "../../harness/http/http3-client.ts";
import { startRelay } from "../../harness/relay.ts";
import { call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import { secret, tokenFor } from "../../harness/token.ts";
import { exchange, openSocket, prove, register } from "../../harness/udp-peer.ts";

const auth = { secret };

/** A request for a move to where the socket is, ready to be sent; only its peer can make it. */
async function makeMove(
  app: Pick<RelayApp, "relay">,
  socket: Socket,
  { id, secret: password }: { id: string; secret: string },
): Promise<{ request: BindingRequest; datagram: Uint8Array }> {
  const first = { transactionId: randomBytes(12), credential: { username: id, password } };
  const reply = parseBindingReply(await exchange(app, socket, encodeBindingRequest(first)), first);
  if (reply?.kind !== "challenge") throw new TypeError("no challenge");
  const request = { ...first, transactionId: randomBytes(12), challenge: reply.challenge };
  return { request, datagram: encodeBindingRequest(request) };
}

async function addressOf(app: RelayApp, id: string): Promise<string | null | undefined> {
  const { body } = await call("GET", `${app.url}/v1/register`, { token: await tokenFor("alice") });
  return body.registrations.find((registration) => registration.id === id)?.address;
}

/** The relay's first registration. */
async function firstOf({ relay }: Pick<RelayApp, "relay">): Promise<RegistrationStats> {
  for await (const registration of relay.registrations()) return registration;
  throw new Error("there is no registration");
}

function textOf(socket: Socket): string {
  return `127.0.0.1:${socket.address().port}`;
}

describe("a captured STUN request", () => {
  it("does not bring a registration back to the address that its peer has left", async () => {
    const app = await serveRelay({ auth });
    const registration = await register(app, "alice", randomBytes(32));
    const [home, away] = [await openSocket(), await openSocket()];
    const { request, datagram } = await makeMove(app, home, registration);
    const answer = await exchange(app, home, datagram);
    expect(parseBindingReply(answer, request)).toMatchObject({ kind: "success" });
    await prove(app, away, registration);

    const replayed = await exchange(app, home, datagram);
    expect(parseBindingReply(replayed, request)).toMatchObject({ kind: "challenge", code: 438 });
    expect(await addressOf(app, registration.id)).toBe(textOf(away));
    expect(app.relay.stats().stun).toMatchObject({ answered: 2, outdated: 1 });

    // Its peer can go back there, as it can answer the new challenge.
    await prove(app, home, registration);
    expect(await addressOf(app, registration.id)).toBe(textOf(home));
  });

  it("does not bring back a registration that has moved over HTTP/3 since", async () => {
    const app = await startRelay();
    const client = await connectHttp3(app.port, app.certificate, "auto");
    const body = JSON.stringify({ key: randomBytes(16).toString("base64"), num: 4 });
    const refresh = async (): Promise<RegisterResponse> => {
      const { body: answer } = await client.request("/v1/register", { method: "POST", body });
      return JSON.parse(answer.toString()) as RegisterResponse;
    };
    const registration = await refresh();
    const socket = await openSocket();
    const { request, datagram } = await makeMove(app, socket, registration);
    await exchange(app, socket, datagram);
    const there = async (): Promise<string | null> => (await firstOf(app)).address;
    expect(await there()).toBe(textOf(socket));
    expect(await refresh()).toMatchObject({ id: registration.id, address: registration.address });

    const replayed = await exchange(app, socket, datagram);
    expect(parseBindingReply(replayed, request)).toMatchObject({ kind: "challenge", code: 438 });
    expect(await there()).toBe(registration.address);
  });

  it("gets its answer again from where it is, and prolongs nothing", async () => {
    const app = await serveRelay({ auth });
    const registration = await register(app, "alice", randomBytes(32));
    const socket = await openSocket();
    const { datagram } = await makeMove(app, socket, registration);
    const first = await exchange(app, socket, datagram);
    const { expiresAt } = await firstOf(app);
    expect(await exchange(app, socket, datagram)).toEqual(first);
    expect(app.relay.stats().stun).toMatchObject({ answered: 1, repeated: 1 });
    expect((await firstOf(app)).expiresAt).toBe(expiresAt);
  });
});
