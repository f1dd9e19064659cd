import { QuicpipeError } from "../../errors.ts";
import { loadPackage } from "../../optional-package.ts";
import { hostPort, type Quiche, QuicheConnection } from "./connection.ts";
import type { CertificateDemand, Engine, EngineConnection, EngineOptions, EngineStart } from "./contract.ts";
import { messageOf } from "./result.ts";

type Config = ReturnType<Quiche["Config"]["withBoringSslCtx"]>;

/**
 * Loads the QUIC engine, quiche through `@matrixai/quic`. Only the files in `engine` know it.
 *
 * @param remedy what needs it, and what to do if it is missing.
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if the package, or its binary for this platform, is missing.
 */
export async function loadEngine(
  remedy = "a peer needs the package @matrixai/quic: run `npm install @matrixai/quic`",
): Promise<Engine> {
  const { default: quiche } = await loadPackage(() => import("@matrixai/quic/native/quiche.js"), remedy);
  return {
    connect: (options, start) => createConnection(quiche, options, start, "connect"),
    accept: (options, start) => createConnection(quiche, options, start, "accept"),
  };
}

function createConnection(
  quiche: Quiche,
  options: EngineOptions,
  start: EngineStart,
  role: "connect" | "accept",
): EngineConnection {
  const config = createConfig(quiche, options);
  const [local, remote] = [hostPort(start.local), hostPort(start.remote)];
  const connection =
    role === "connect"
      ? quiche.Connection.connect(start.serverName, start.sourceId, local, remote, config)
      : quiche.Connection.accept(start.sourceId, undefined, local, remote, config);
  return new QuicheConnection(connection, start, options.idleTimeoutMs);
}

function createConfig(quiche: Quiche, options: EngineOptions): Config {
  const config = tlsConfig(quiche, options);
  // No grease and no version negotiation: a spoofed negotiation would end the dial.
  config.grease(false);
  config.setApplicationProtos([...options.alpn]);
  config.setMaxIdleTimeout(options.idleTimeoutMs);
  config.setMaxRecvUdpPayloadSize(maxReceiveBytes);
  config.setMaxSendUdpPayloadSize(options.maxUdpPayloadBytes);
  const { flowWindowBytes, connectionWindowBytes = flowWindowBytes } = options;
  config.setInitialMaxData(connectionWindowBytes);
  config.setInitialMaxStreamDataBidiLocal(options.flowWindowBytes);
  config.setInitialMaxStreamDataBidiRemote(options.flowWindowBytes);
  config.setInitialMaxStreamDataUni(options.flowWindowBytes);
  config.setMaxConnectionWindow(connectionWindowBytes);
  config.setMaxStreamWindow(options.flowWindowBytes);
  config.setInitialMaxStreamsBidi(options.maxStreams);
  config.setInitialMaxStreamsUni(options.maxStreams);
  config.setActiveConnectionIdLimit(options.activeConnectionIdLimit);
  config.setDisableActiveMigration(false);
  // CUBIC (RFC 9438) without pacing: a timer per packet costs more than bursts of one batch do.
  config.setCcAlgorithm(1);
  config.enablePacing(false);
  config.enableHystart(true);
  config.enableDgram(true, options.datagramQueue, options.datagramQueue);
  return config;
}

/** Longest UDP payload on Ethernet, so that packets of any size are accepted. */
const maxReceiveBytes = 1472;

function tlsConfig(quiche: Quiche, { demand, identity }: EngineOptions): Config {
  try {
    return quiche.Config.withBoringSslCtx(
      demand.kind !== "none",
      demand.kind === "any",
      certificateAuthority(demand),
      identity && [Buffer.from(identity.privateKey)],
      identity && [Buffer.from(identity.certificate)],
      undefined,
    );
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_IDENTITY_INVALID",
      `TLS does not take the certificate, key or CA (${messageOf(cause)}): they must be PEM and belong together`,
      { cause },
    );
  }
}

function certificateAuthority(demand: CertificateDemand): Uint8Array | undefined {
  return demand.kind === "ca" ? Buffer.from(demand.pem) : undefined;
}
