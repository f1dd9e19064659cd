import { loadAddon } from "../../src/forwarder/native/load.ts";
import { findMissing } from "../../scripts/xdp/requirement.ts";
import type { Row } from "../row.ts";
import { isInstalled } from "./command.ts";

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

/** Skips a row if XDP programs cannot be compiled or loaded. */
export function needsXdp(row: Row): Row {
  const missing = "`ethtool` is not installed";
  return unless(() => findMissing() ?? (isInstalled("ethtool") ? undefined : missing), row);
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
