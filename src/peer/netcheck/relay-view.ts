import { isQuicpipeError } from "../../errors.ts";
import { interfaceAddresses } from "../../interface-addresses.ts";
import { type Address, formatAddress, plainIp } from "../../wire/address.ts";
import { ConnectionIds } from "../connection/connection-ids.ts";
import type { Engine } from "../engine/contract.ts";
import type { PeerSettings } from "../options.ts";
import { scopeOf } from "../path/seeking/reachability.ts";
import { requireRegistration } from "../relay/answer.ts";
import { RelayClient } from "../relay/client.ts";
import { createRelayHttp } from "../relay/finding/finder.ts";
import type { RelayHttp } from "../relay/http.ts";
import { localRelay } from "../relay/local-relay.ts";
import { SecondPort } from "../relay/second-port.ts";
import { StunClient } from "../relay/stun-client.ts";
import { registerRequest } from "../relay/upkeep.ts";
import { PeerSocket } from "../socket.ts";
import { type MappingKind, mappingKind } from "./mapping.ts";

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
  /** The relay's second UDP port, and whether an answer of it arrives here; `null` where the relay has none. */
  readonly secondPort: { readonly port: number; readonly answers: boolean } | null;
  /**
   * Whether requests go over HTTP/3. Where its server does not know the relay's routes (`"not-found"`), or does not answer
   * (`"unavailable"`), they go over TCP. `null` for an `http:` relay.
   */
  readonly http3: "used" | "not-found" | "unavailable" | null;
  /** Shortest of three round trips of a request, in ms. */
  readonly httpMs: number;
  /** Shortest of three round trips of STUN, in ms. */
  readonly stunMs: number;
}

/**
 * Looks at a socket of this host with the relay's eyes: registers from it, asks by STUN, and ends the registration. Returns `undefined`
 * if the relay answers over TCP alone.
 *
 * @param settings whose `host` and addresses are of one IP version.
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, or the code of the relay's refusal.
 */
export async function viewFromRelay(settings: PeerSettings, engine: Engine): Promise<RelayView | undefined> {
  const socket = await PeerSocket.bind(settings, engine);
  const http = createRelayHttp(settings, () => engine, socket);
  try {
    return await view(settings, socket, http);
  } finally {
    await http.close();
    await socket.close();
  }
}

async function view(
  settings: PeerSettings,
  socket: PeerSocket,
  http: RelayHttp,
): Promise<RelayView | undefined> {
  const relay = new RelayClient({ ...settings, http });
  const { key, num } = new ConnectionIds(1);
  const register = async () => requireRegistration(await relay.register(registerRequest(key, num)));
  const answer = await register();
  try {
    if (settings.transport === "tcp") socket.moveTo(localRelay(answer, settings.addresses, socket));
    const credential = { username: answer.id, password: answer.secret };
    const stun = new StunClient((datagram) => socket.send(datagram));
    socket.onStun = (datagram) => stun.receive(datagram);
    const http3 = settings.transport === "http3" ? (http.http3Lack ?? "used") : null;
    // The first one asks for a nonce as well.
    const seen = await stun.bind(credential).catch((error: unknown) => {
      if (http3 === "unavailable" && isQuicpipeError(error, "ERR_QUICPIPE_RELAY_UNREACHABLE"))
        return undefined;
      throw error;
    });
    if (!seen) return undefined;
    const times = {
      httpMs: await shortestMs(register),
      stunMs: await shortestMs(() => stun.bind(credential)),
    };
    const { stunPort } = answer;
    const second = stunPort === undefined ? undefined : await seenBySecondPort(socket, stunPort);
    return {
      ...compared(socket, seen),
      ...times,
      http3,
      mapping: isOwn(seen) ? "none" : await mappingKind(settings, socket, credential, { seen, second }),
      secondPort: stunPort === undefined ? null : { port: stunPort, answers: second !== undefined },
    };
  } finally {
    await relay.endRegistration(answer.id);
  }
}

/** What takes more than a look at two addresses. */
type Measured = "http3" | "httpMs" | "stunMs" | "mapping" | "secondPort";

function compared({ local }: PeerSocket, seen: Address): Omit<RelayView, Measured> {
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

/** Returns the socket's public address as the relay's second port sees it; `undefined` if no answer of it arrives. */
async function seenBySecondPort(socket: PeerSocket, port: number): Promise<Address | undefined> {
  const secondPort = new SecondPort(socket);
  socket.onStun = (datagram, from) => secondPort.receive(datagram, from);
  return await secondPort.ask({ ...socket.relay, port });
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
