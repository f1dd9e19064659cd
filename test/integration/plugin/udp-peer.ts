import { createSocket, type Socket } from "node:dgram";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { RegisterResponse } from "../../../src/protocol.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";
import {
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
} from "../../../src/wire/stun-binding.ts";
import { type RelayApp, call, secretToken } from "./relay-app.ts";

/** A peer's UDP socket. */
export async function openSocket(): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  onTestFinished(() => void socket.close());
  await once(socket, "listening");
  return socket;
}

/** Sends a datagram to the relay and waits for what comes back. */
export async function exchange(
  app: Pick<RelayApp, "relay">,
  socket: Socket,
  datagram: Uint8Array,
): Promise<Buffer> {
  const { address, port } = app.relay.address();
  socket.send(datagram, port, address);
  const [reply] = (await once(socket, "message")) as [Buffer];
  return reply;
}

/** Proves the socket's address for a registration. */
export async function prove(
  app: Pick<RelayApp, "relay">,
  socket: Socket,
  { id, secret: password }: Pick<RegisterResponse, "id" | "secret">,
): Promise<unknown> {
  const first: BindingRequest = {
    transactionId: randomBytes(12),
    credential: { username: id, password },
  };
  const challenged = parseBindingReply(await exchange(app, socket, encodeBindingRequest(first)), first);
  if (challenged?.kind !== "challenge") return challenged;
  const second = { ...first, transactionId: randomBytes(12), challenge: challenged.challenge };
  return parseBindingReply(await exchange(app, socket, encodeBindingRequest(second)), second);
}

/** Registers 4 connection IDs of a key. */
export async function register(app: RelayApp, subject: string, key: Uint8Array): Promise<RegisterResponse> {
  const body = { key: Buffer.from(key).toString("base64"), num: 4 };
  const answer = await call("POST", `${app.url}/v1/register`, { token: await secretToken(subject), body });
  return answer.body;
}

/** A packet with a short header for the first connection ID of a key. */
export function shortPacket(key: Uint8Array, content: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), deriveConnectionId(key, 1), Buffer.from(content)]);
}
