import { loadAddon } from "../../src/forwarder/native/load.ts";
import { loadEngine } from "../../src/peer/engine/engine.ts";
import { findMissing } from "../../scripts/xdp/requirement.ts";
import type { Row } from "../row.ts";
import { isInstalled } from "./machine/command.ts";
import { buildRustPeer } from "./native/program.ts";

/** Skips a row if the native backend cannot run. */
export function needsNative(row: Row): Row {
  return unless(() => {
    const loaded = loadAddon();
    return "reason" in loaded ? loaded.reason : undefined;
  }, row);
}

/** Skips a row if coturn is not installed. */
export function needsCoturn(row: Row): Row {
  const missing = "`turnserver` is not installed (Debian package coturn)";
  return unless(() => (isInstalled("turnserver") ? undefined : missing), row);
}

/** Skips a row if peers cannot run, or socat is not installed. */
export function needsSocat(row: Row): Row {
  const missing = "`socat` is not installed";
  return needsPeers(unless(() => (isInstalled("socat") ? undefined : missing), row));
}

/** Skips a row if XDP programs cannot be compiled or loaded. */
export function needsXdp(row: Row): Row {
  const missing = "`ethtool` is not installed";
  return unless(() => findMissing() ?? (isInstalled("ethtool") ? undefined : missing), row);
}

/** Skips a row if peers cannot run, or their relay. */
export function needsPeers(row: Row): Row {
  return needsNative(unless(() => failureOf(loadEngine), row));
}

/** Skips a row if peers cannot run, or there is no network for them to find a direct path in. */
export function needsPaths(row: Row): Row {
  const missing = "`ethtool` is not installed";
  const withTool = unless(() => (isInstalled("ethtool") ? undefined : missing), row);
  return needsPeers({
    ...row,
    run: async (lab) =>
      "refusal" in lab.network ? { name: row.name, skipped: lab.network.refusal } : await withTool.run(lab),
  });
}

/** Skips a row if the peer in Rust cannot be built. */
export function needsRustPeer(row: Row): Row {
  return unless(() => failureOf(buildRustPeer), row);
}

function failureOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function unless(obstacle: () => string | undefined, row: Row): Row {
  return {
    ...row,
    async run(lab) {
      const skipped = obstacle();
      return skipped ? { name: row.name, skipped } : await row.run(lab);
    },
  };
}
