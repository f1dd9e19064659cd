import { isIPv4 } from "node:net";
import { QuicpipeError } from "../errors.ts";
import type { ForwarderOptions } from "./contract.ts";
import type { Addon } from "./native/addon.ts";
import { type LoadedAddon, loadAddon } from "./native/load.ts";

/** The backend to open, and why no faster one. */
export type ChosenBackend =
  | { readonly backend: "dgram"; readonly backendReason: string }
  | { readonly backend: "native"; readonly backendReason: string; readonly addon: Addon };

/**
 * Chooses a backend as the options ask. `"auto"` is native where that can run.
 *
 * @throws ERR_QUICPIPE_BACKEND_UNAVAILABLE, with the reason, if native is asked for and cannot run.
 */
export function chooseBackend(
  { backend, threads, upstream }: Pick<ForwarderOptions, "backend" | "threads" | "upstream">,
  load: () => LoadedAddon = loadAddon,
): ChosenBackend {
  const oneThread = threads > 1 ? `; one thread instead of ${threads}` : "";
  if (backend === "dgram") return { backend, backendReason: `as configured${oneThread}` };
  const native = nativeFor(upstream?.address, load);
  if ("addon" in native) {
    const why = backend === "auto" ? "the fastest here" : "as configured";
    const backendReason = `${why}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
    return { backend: "native", backendReason, addon: native.addon };
  }
  const { reason, brief = reason } = native;
  if (backend === "auto") return { backend: "dgram", backendReason: brief + oneThread };
  throw new QuicpipeError(
    "ERR_QUICPIPE_BACKEND_UNAVAILABLE",
    `the native backend cannot run: ${reason}, or let the backend be "auto"`,
    { details: { backend, reason } },
  );
}

function nativeFor(upstream: string | undefined, load: () => LoadedAddon): LoadedAddon {
  // One socket serves all gateway clients, each by an address of its own, and ::1/128 has only one.
  if (upstream !== undefined && !isIPv4(upstream))
    return { reason: `native needs an upstream in 127.0.0.0/8, not ${upstream}` };
  const loaded = load();
  if ("addon" in loaded) return loaded;
  const { reason, brief = reason } = loaded;
  const remedy = "; see `quicpipe doctor`";
  return { reason: reason + remedy, brief: brief + remedy };
}
