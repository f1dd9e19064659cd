import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { MiB } from "../../defaults/units.ts";
import { QuicpipeError } from "../../errors.ts";
import type { Addon, AddonConnection, AddonOptions } from "./addon.ts";
import { NoqConnection } from "./connection.ts";
import type { Engine, EngineOptions } from "./contract.ts";

/** What `npm run build:engine` makes, seen from `src/` and from `dist/` alike. */
const addonFile = "../../../target/quicpipe-engine.node";

/** Builds it, in a clone and in the installed package. */
const builder = fileURLToPath(new URL("../../../scripts/build-engine.mjs", import.meta.url));

/** Round-trip time before the first sample, in ms: less than the 333 ms of RFC 9002 §6.2.2, as a relay is in between. */
const initialRttMs = 200;

/**
 * Largest flow control window of one stream. noq 1.4 ends a connection with more than 2048 unread pieces on a stream: what follows
 * one lost packet must be fewer. Full packets have 1100 bytes; those of quic-go, which also sends what its writes leave over, come
 * to more than 2048 in 2 MiB.
 */
const maxStreamWindowBytes: number = MiB;

/**
 * Loads the QUIC engine, noq behind Node-API. Only the files in `engine` know it.
 *
 * @param user what needs it.
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if there is no addon for this platform.
 */
export function loadEngine(user = "a peer"): Engine {
  const { EngineConnection, engineFaults } = loadAddon(user);
  return {
    connect: (options, serverName) =>
      create(() => EngineConnection.connect(addonOptions(options), serverName, 0)),
    accept: (options) => create(() => EngineConnection.accept(addonOptions(options))),
    faults: engineFaults,
  };
}

function loadAddon(user: string): Addon {
  try {
    return createRequire(import.meta.url)(addonFile) as Addon;
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_DEPENDENCY_MISSING",
      `${user} needs the QUIC engine, an addon in Rust: install Rust 1.88 or later (https://rustup.rs) and run \`node ${builder}\``,
      { cause },
    );
  }
}

function create(make: () => AddonConnection): NoqConnection {
  try {
    return new NoqConnection(make());
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_IDENTITY_INVALID",
      `TLS does not take the certificate, key or CA (${(cause as Error).message}): they must be PEM and belong together`,
      { cause },
    );
  }
}

function addonOptions(options: EngineOptions): AddonOptions {
  const { connectionWindowBytes = options.flowWindowBytes } = options;
  const flowWindowBytes = Math.min(options.flowWindowBytes, maxStreamWindowBytes);
  return {
    ...options,
    flowWindowBytes,
    connectionWindowBytes,
    initialRttMs,
  };
}
