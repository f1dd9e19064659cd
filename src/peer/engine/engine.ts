import { join } from "node:path";
import { QuicpipeError } from "../../errors.ts";
import { type AddonName, loadAddon } from "../../files/addon.ts";
import { packageRoot } from "../../files/package-root.ts";
import type { Addon, AddonConnection, AddonOptions } from "./addon.ts";
import { NoqConnection } from "./connection.ts";
import type { Engine, EngineOptions } from "./contract.ts";
import { NoqPort } from "./port.ts";

const name: AddonName = {
  what: "a peer's QUIC engine",
  file: "quicpipe-engine.node",
  built: "target/quicpipe-engine.node",
  remedy: `build it: install Rust 1.88 or later (https://rustup.rs) and run \`node ${join(packageRoot, "scripts/build-engine.mjs")}\``,
};

/** Round-trip time before the first sample, in ms: less than the 333 ms of RFC 9002 §6.2.2, as a relay is in between. */
const initialRttMs = 200;

/** Those that rustls signs with. The keys of RSASSA-PSS (RFC 4055 §1.2), which sign with RSA-PSS alone, are none of them. */
const keys = "Ed25519, ECDSA on P-256, P-384 or P-521, or RSA of 2048 bits or more";

/**
 * Loads the QUIC engine, noq behind Node-API. Only the files in `engine` know it.
 *
 * @throws ERR_QUICPIPE_ADDON_MISSING if there is no addon for this platform, ERR_QUICPIPE_ADDON_UNUSABLE if it does not load.
 */
export function loadEngine(): Engine {
  const { EngineConnection, UdpPort, engineFaults, checkIdentity } = loadAddon(name, packageRoot) as Addon;
  return {
    requireIdentity: ({ certificate, privateKey }) =>
      taken("the key of the identity", `it must be ${keys}`, () =>
        checkIdentity({ certificate, privateKey }),
      ),
    connect: (options, serverName) =>
      create(() => EngineConnection.connect(addonOptions(options), serverName)),
    accept: (options) => create(() => EngineConnection.accept(addonOptions(options))),
    bindPort: (host, port, bufferBytes, onWake) =>
      new NoqPort(UdpPort.bind(host, port, bufferBytes, (fault) => onWake(fault ?? undefined))),
    faults: engineFaults,
  };
}

function create(make: () => AddonConnection): NoqConnection {
  const remedy = "they must be PEM and belong together";
  return new NoqConnection(taken("the certificate, key or CA", remedy, make));
}

function taken<T>(what: string, remedy: string, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    const message = `TLS does not take ${what} (${(cause as Error).message}): ${remedy}`;
    throw new QuicpipeError("ERR_QUICPIPE_IDENTITY_INVALID", message, { cause });
  }
}

function addonOptions(options: EngineOptions): AddonOptions {
  return {
    connectionWindowBytes: options.flowWindowBytes,
    datagramQueue: 0,
    longFirstFlight: false,
    maxPaths: 1,
    ...options,
    initialRttMs,
  };
}
