import quiche from "@matrixai/quic/native/quiche.js";
import { QuicpipeError } from "../../../src/errors.ts";
import type { CertificateDemand, Engine, EngineOptions } from "../../../src/peer/engine/contract.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";
import { place, QuicheConnection, type QuicheNative } from "./connection.ts";

type Config = Parameters<(typeof quiche)["Connection"]["connect"]>[4];

/** Longest UDP payload on Ethernet, so that packets of any size are accepted. */
const maxReceiveBytes = 1472;
const cubic = 1;

/** quiche 0.18 through `@matrixai/quic`, with the settings that peers had on it. It compares no pins: the benchmark has both sides. */
export function loadEngine(): Engine {
  return {
    connect: (options, serverName) =>
      create(options, "client", (id, config) =>
        quiche.Connection.connect(serverName, id, place, place, config),
      ),
    accept: (options) =>
      create(options, "server", (id, config) =>
        quiche.Connection.accept(id, undefined, place, place, config),
      ),
    bindPort() {
      throw new QuicpipeError("ERR_QUICPIPE_BACKEND_UNAVAILABLE", "quiche has no UDP port", {
        details: { backend: "native", reason: "quiche has no UDP port" },
      });
    },
    requireIdentity: () => undefined,
    faults: () => 0,
  };
}

function create(
  options: EngineOptions,
  role: "client" | "server",
  make: (id: Uint8Array, config: Config) => QuicheNative,
): QuicheConnection {
  return new QuicheConnection(
    make(deriveConnectionId(options.cidKey, 1), createConfig(options)),
    options,
    role,
  );
}

function createConfig(options: EngineOptions): Config {
  const { flowWindowBytes, connectionWindowBytes = flowWindowBytes, datagramQueue = 0 } = options;
  const config = tlsConfig(options);
  config.grease(false);
  config.setApplicationProtos([...options.alpn]);
  config.setMaxIdleTimeout(options.idleTimeoutMs);
  config.setMaxRecvUdpPayloadSize(maxReceiveBytes);
  config.setMaxSendUdpPayloadSize(options.maxUdpPayloadBytes);
  config.setInitialMaxData(connectionWindowBytes);
  config.setInitialMaxStreamDataBidiLocal(flowWindowBytes);
  config.setInitialMaxStreamDataBidiRemote(flowWindowBytes);
  config.setInitialMaxStreamDataUni(flowWindowBytes);
  config.setMaxConnectionWindow(connectionWindowBytes);
  config.setMaxStreamWindow(flowWindowBytes);
  config.setInitialMaxStreamsBidi(options.maxStreams);
  config.setInitialMaxStreamsUni(options.maxStreams);
  config.setActiveConnectionIdLimit(5);
  config.setCcAlgorithm(cubic);
  config.enablePacing(false);
  config.enableHystart(true);
  config.enableDgram(true, datagramQueue, datagramQueue);
  return config;
}

function tlsConfig({ demand, identity }: EngineOptions): Config {
  return quiche.Config.withBoringSslCtx(
    demand.kind !== "none",
    demand.kind === "any" || demand.kind === "pins",
    certificateAuthority(demand),
    identity && [Buffer.from(identity.privateKey)],
    identity && [Buffer.from(identity.certificate)],
    undefined,
  );
}

function certificateAuthority(demand: CertificateDemand): Uint8Array | undefined {
  return demand.kind === "ca" ? Buffer.from(demand.pem) : undefined;
}
