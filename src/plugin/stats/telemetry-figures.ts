import type { Forwarder } from "../../forwarder/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { RelayFigures } from "../../telemetry/index.ts";
import type { Mailbox } from "../mailbox/mailbox.ts";

/** Collects the figures for telemetry with one reading of the data plane. `registry` may not exist yet. */
export function telemetryFigures(
  forwarder: Forwarder,
  registry: Registry | undefined,
  mailbox: Mailbox,
): RelayFigures {
  const { path, dropped, overflowed } = forwarder.stats();
  const { queued, queuedBytes: _, ...ended } = mailbox.stats();
  return {
    traffic: { xdp: path.kernel, [forwarder.backend]: path.user },
    dropped: { ...dropped, "receive-buffer-full": overflowed },
    messages: { ...ended },
    registrations: registry?.stats().registrations ?? 0,
    queuedMessages: queued,
  };
}
