import { isQuicpipeError } from "../../errors.ts";
import { interfaceAddresses } from "../../interface-addresses.ts";
import type { RegisterResponse } from "../../protocol.ts";
import { type Address, formatAddress, plainIp, sameAddress } from "../../wire/address.ts";
import type { StunCredential } from "../../wire/stun-binding.ts";
import { ConnectionIds } from "../connection/connection-ids.ts";
import type { Engine } from "../engine/contract.ts";
import type { PeerSettings } from "../options.ts";
import { judgeNat, type NatKind } from "../nat/report.ts";
import { scopeOf } from "../path/seeking/reachability.ts";
import { requireRegistration } from "../relay/answer.ts";
import { RelayClient } from "../relay/client.ts";
import { createRelayHttp } from "../relay/finder.ts";
import { localRelay } from "../relay/local-relay.ts";
import { SecondPort } from "../relay/second-port.ts";
import { StunClient } from "../relay/stun-client.ts";
import { registerRequest } from "../relay/upkeep.ts";
import { PeerSocket } from "../socket.ts";
import { pause } from "../time/pause.ts";

/**
 * What a NAT makes of a port (RFC 4787 §4.1), as far as one relay can tell: `"none"` without a NAT; the same port for all
 * destinations, or another for each: by its second port the next ones (`"sequential"`) or any (`"random"`), by its second address
 * one or the other (`"endpoint-dependent"`); `"unknown"` where the relay has neither.
 */
export type MappingKind =
  | "none"
  | "endpoint-independent"
  | "endpoint-dependent"
  | "sequential"
  | "random"
  | "unknown";

/** What the relay sees of this host in one IP version. */
export interface RelayView {
  /** The socket's own address, as `192.168.1.5:51820`. */
  readonly local: string;
  /** The same, as the relay sees it. */
  readonly public: string;
  /** Whether the relay sees an address of the internet. It does not where it is in the same network. */
  readonly isGlobal: boolean;
  /** Whether the public address is none of the host's own. */
  readonly isBehindNat: boolean;
  /** Whether the public port is the local one. */
  readonly keepsPort: boolean;
  readonly mapping: MappingKind;
  /** Shortest of three round trips of a request, in ms. */
  readonly httpMs: number;
  /** Shortest of three round trips of STUN, in ms. */
  readonly stunMs: number;
}

/**
 * Looks at a socket of this host with the relay's eyes: registers from it, asks by STUN, and ends the registration.
 *
 * @param settings whose `host` and addresses are of one IP version.
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, or the code of the relay's refusal.
 */
export async function viewFromRelay(settings: PeerSettings, engine: Engine): Promise<RelayView> {
  const socket = await PeerSocket.bind(settings, engine);
  const http = createRelayHttp(settings, () => engine, socket);
  try {
    return await view(settings, socket, new RelayClient({ ...settings, http }));
  } finally {
    await http.close();
    await socket.close();
  }
}

async function view(settings: PeerSettings, socket: PeerSocket, relay: RelayClient): Promise<RelayView> {
  const { key, num } = new ConnectionIds(1);
  const register = async () => requireRegistration(await relay.register(registerRequest(key, num)));
  const answer = await register();
  try {
    if (settings.transport === "tcp") socket.moveTo(localRelay(answer, settings.addresses, socket));
    const credential = { username: answer.id, password: answer.secret };
    const stun = new StunClient((datagram) => socket.send(datagram));
    socket.onStun = (datagram) => stun.receive(datagram);
    // The first one asks for a nonce as well.
    const seen = await stun.bind(credential);
    return {
      ...compared(socket, seen),
      httpMs: await shortestMs(register),
      stunMs: await shortestMs(() => stun.bind(credential)),
      mapping: isOwn(seen) ? "none" : await mappingKind(settings, socket, answer, seen),
    };
  } finally {
    await relay.endRegistration(answer.id);
  }
}

function compared({ local }: PeerSocket, seen: Address): Omit<RelayView, "httpMs" | "stunMs" | "mapping"> {
  return {
    local: formatAddress(local),
    public: formatAddress(seen),
    isGlobal: scopeOf(seen.address) === "global",
    isBehindNat: !isOwn(seen),
    keepsPort: seen.port === local.port,
  };
}

function isOwn({ address }: Address): boolean {
  return interfaceAddresses().map(plainIp).includes(plainIp(address));
}

/** Time for an answer from another address of the relay's, in ms: one that is no address of this relay may not answer. */
const otherAnswerMs = 2000;

/** Asks the relay's second port and another address of it, from the same socket, what they see. The worse of the two counts. */
async function mappingKind(
  settings: PeerSettings,
  socket: PeerSocket,
  { id, secret, stunPort }: RegisterResponse,
  seen: Address,
): Promise<MappingKind> {
  const byPort = stunPort === undefined ? "unknown" : await kindByPort(socket, stunPort, seen);
  if (byPort === "sequential" || byPort === "random") return byPort;
  const byAddress = await kindByAddress(settings, socket, { username: id, password: secret }, seen);
  return byAddress === "unknown" ? byPort : byAddress;
}

async function kindByPort(socket: PeerSocket, port: number, seen: Address): Promise<NatKind> {
  const secondPort = new SecondPort(socket);
  socket.onStun = (datagram, from) => secondPort.receive(datagram, from);
  const second = await secondPort.ask({ ...socket.relay, port });
  return second ? judgeNat(seen, second).kind : "unknown";
}

async function kindByAddress(
  { addresses }: PeerSettings,
  socket: PeerSocket,
  credential: StunCredential,
  seen: Address,
): Promise<MappingKind> {
  const { address: asked, port } = socket.relay;
  const other = addresses.find((each) => plainIp(each) !== plainIp(asked));
  if (other === undefined) return "unknown";
  const path = socket.pathTo({ address: other, port });
  const stun = new StunClient((datagram) => path.send(datagram));
  socket.onStun = (datagram) => stun.receive(datagram);
  try {
    const silence = pause(otherAnswerMs, new AbortController().signal);
    const again = await Promise.race([stun.bind(credential), silence.then(() => undefined)]);
    if (!again) return "unknown";
    return sameAddress(again, seen) ? "endpoint-independent" : "endpoint-dependent";
  } catch (error) {
    // Another relay of the same name does not know the registration.
    if (isQuicpipeError(error)) return "unknown";
    throw error;
  } finally {
    stun.close();
    path.close();
  }
}

async function shortestMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const startMs = performance.now();
    await work();
    times.push(performance.now() - startMs);
  }
  return Math.round(Math.min(...times) * 10) / 10;
}
