import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import { parseDer } from "../../files/pem.ts";
import { formatAddress } from "../../wire/address.ts";
import { ConnectionIds } from "../connection/connection-ids.ts";
import { Driver } from "../connection/driver.ts";
import type { Engine, EngineOptions } from "../engine/contract.ts";
import { deafListener } from "../engine/deaf.ts";
import { distrusted, unreachable } from "../http/session.ts";
import type { PeerSocket, RelayPath } from "../socket.ts";

/** Options of {@link probeRelay}. */
export interface ProbeOptions {
  readonly engine: Engine;
  readonly socket: PeerSocket;
  /** The path to the relay. */
  readonly path: RelayPath;
  /** CA certificates, PEM. One of them must have issued the relay's certificate. */
  readonly ca: string;
  /** Name for which the relay's certificate must be valid; unchecked if absent. */
  readonly serverName: string | undefined;
  /** Aborts the handshake. */
  readonly signal: AbortSignal;
}

/**
 * Shakes hands with the relay once, verifies its certificates and returns them (DER), its own first.
 *
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if they do not verify or the relay does not answer.
 */
export async function probeRelay(options: ProbeOptions): Promise<readonly Uint8Array[]> {
  const { engine, socket, path, ca, serverName, signal } = options;
  const ids = new ConnectionIds(probeIds);
  const silent = `${formatAddress(path.remote)} does not answer`;
  const connection = engine.connect(probeEngineOptions(ca, ids), serverName);
  const { promise, resolve, reject } = Promise.withResolvers<readonly Uint8Array[]>();
  const fail = (why: string): void => reject(unreachable(why, false) satisfies QuicpipeError);
  const driver = new Driver(connection, path, {
    ...deafListener,
    onTurn: () => undefined,
    onEstablished: () => {
      const chain = connection.certificates();
      if (serverName === undefined || parseDer(chain[0]!).checkHost(serverName) !== undefined) resolve(chain);
      else reject(distrusted());
    },
    onEnded: () => {
      const by = connection.end()?.by;
      if (by === "this") reject(distrusted());
      else fail(by === "silence" ? silent : "it refused the handshake");
    },
    onOver: () => fail("the handshake failed"),
  });
  ids.route(socket, (datagram, ecn) => driver.receive(datagram, ecn));
  const timer = setTimeout(fail, defaults.relayAttemptMs, silent);
  const giveUp = (): void => fail("the handshake was given up");
  signal.addEventListener("abort", giveUp);
  driver.wake();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    connection.close(h3NoError, "");
    driver.flush();
    driver.stop();
    ids.unroute(socket);
  }
}

/** H3_NO_ERROR (RFC 9114 §8.1). */
const h3NoError = 0x100;

/** Connection IDs of a probe: two are in use, and noq asks for five at a time. */
const probeIds = 8;

function probeEngineOptions(ca: string, { key, num }: ConnectionIds): EngineOptions {
  return {
    cidKey: key,
    cidLimit: num,
    demand: { kind: "ca", pem: ca },
    isJudged: false,
    alpn: ["h3"],
    idleTimeoutMs: defaults.relayAttemptMs,
    maxUdpPayloadBytes: defaults.maxUdpPayloadBytes,
    flowWindowBytes: defaults.streamReadBytes,
    maxStreams: defaults.maxStreams,
    datagramQueueBytes: 0,
  };
}
