import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import { formatAddress } from "../../wire/address.ts";
import { cidBytes } from "../../wire/connection-id.ts";
import { Driver } from "../connection/driver.ts";
import type { Engine, EngineOptions } from "../engine/contract.ts";
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
  const sourceId = randomBytes(cidBytes);
  const start = { sourceId, local: path.local, remote: path.remote, serverName };
  const connection = engine.connect(probeEngineOptions(ca), start);
  const { promise, resolve, reject } = Promise.withResolvers<readonly Uint8Array[]>();
  const fail = (why: string): void => reject(unreachable(why, false) satisfies QuicpipeError);
  const driver = new Driver(
    connection,
    path,
    {
      maySend: () => true,
      onTurn: () => {
        if (connection.isEstablished()) resolve(connection.peerCertificates());
        else if (connection.localClose()) reject(distrusted());
        else if (connection.isDraining()) fail("it refused the handshake");
      },
      onStalled: () => undefined,
      onClosed: () => fail("the handshake failed"),
    },
    false,
  );
  socket.addRoute(sourceId, (datagram) => driver.receive(datagram));
  const timer = setTimeout(fail, defaults.relayAttemptMs, `${formatAddress(path.remote)} does not answer`);
  const giveUp = (): void => fail("the handshake was given up");
  signal.addEventListener("abort", giveUp);
  driver.wake();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    connection.close({ isApplication: true, errorCode: h3NoError, reason: "" });
    driver.flush();
    driver.stop();
    socket.removeRoute(sourceId);
  }
}

/** H3_NO_ERROR (RFC 9114 §8.1). */
const h3NoError = 0x100;

function probeEngineOptions(ca: string): EngineOptions {
  return {
    demand: { kind: "ca", pem: ca },
    alpn: ["h3"],
    idleTimeoutMs: defaults.relayAttemptMs,
    maxUdpPayloadBytes: defaults.maxUdpPayloadBytes,
    flowWindowBytes: defaults.streamReadBytes,
    maxStreams: defaults.maxStreams,
    datagramQueue: 0,
    activeConnectionIdLimit: 2,
  };
}
