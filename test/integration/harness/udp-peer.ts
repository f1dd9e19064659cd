import { createSocket, type Socket } from "node:dgram";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { type Address, unmapAddress } from "../../../src/wire/address.ts";
import type { RegisterResponse } from "../../../src/protocol.ts";
import {
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
} from "../../../src/wire/stun-binding.ts";
import { call, type RelayApp } from "./relay-app.ts";
import { tokenFor } from "./token.ts";

/** Opens a UDP socket; it is closed when the test ends, if it still is open. */
export async function openSocket(host = "127.0.0.1", port = 0): Promise<Socket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4").bind(port, host);
  let isOpen = true;
  socket.once("close", () => (isOpen = false));
  onTestFinished(() => void (isOpen && socket.close()));
  await once(socket, "listening");
  return socket;
}

/** Another peer's socket, and the ports from which something has come to it. */
export interface PortWatch {
  readonly socket: Socket;
  readonly at: Address;
  readonly ports: number[];
}

/** Opens a socket, as {@link openSocket} does, that notes where from it is sent to. */
export async function watchPorts(): Promise<PortWatch> {
  const socket = await openSocket();
  const ports: number[] = [];
  socket.on("message", (_datagram, { port }) => void ports.push(port));
  const { address, port } = socket.address();
  return { socket, at: { address, port }, ports };
}

/** A UDP socket that keeps what it gets, as {@link openSocket} opens it. */
export interface UdpPeer {
  readonly address: Address;
  readonly socket: Socket;
  readonly inbox: { readonly datagram: Buffer; readonly from: Address }[];
  send(datagram: Uint8Array, to: Address): void;
  /** The next datagram, or the first one that waits. */
  next(): Promise<Buffer>;
}

/** Opens such a socket. */
export async function openPeer(host?: string, port?: number): Promise<UdpPeer> {
  const socket = await openSocket(host, port);
  const inbox: UdpPeer["inbox"] = [];
  socket.on("message", (datagram, { address, port: from }) =>
    inbox.push({ datagram, from: { address: unmapAddress(address), port: from } }),
  );
  return {
    address: { address: socket.address().address, port: socket.address().port },
    socket,
    inbox,
    send: (datagram, to) => socket.send(datagram, to.port, to.address),
    async next() {
      while (inbox.length === 0) await once(socket, "message");
      return inbox.shift()!.datagram;
    },
  };
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
  const answer = await call("POST", `${app.url}/v1/register`, { token: await tokenFor(subject), body });
  return answer.body;
}
