import { isHard, type NatReport } from "../../nat/report.ts";
import type { NatView } from "../../nat/view.ts";
import type { RelayReason } from "../policy.ts";

/** What is known where no check was answered. */
export interface Silence {
  readonly own: Pick<NatView, "report" | "isSilent">;
  readonly theirs: NatReport;
  /** Whether both peers are behind one NAT: one that leads nothing back says nothing about UDP. */
  readonly isSameNat: boolean;
  /** Whether a direct path has carried packets on this network: nothing blocks it as such. */
  readonly wasDirect: boolean;
}

/** Says why no check was answered, as far as both NATs tell. */
export function whySilent({ own, theirs, isSameNat, wasDirect }: Silence): RelayReason {
  if (wasDirect) return "checks-timeout";
  const reports = [own.report, theirs];
  if (reports.every(isHard)) return "nat-hard-both";
  // The other side has asked the relay's second port, or has no NAT. Where neither knows, the relay may be what is closed.
  if (own.isSilent && theirs.kind !== "unknown") return "udp-blocked";
  // Nothing that a NAT does to ports stands in the way.
  const isEasy = reports.every(({ kind }) => kind === "endpoint-independent");
  return isEasy && !isSameNat ? "udp-blocked" : "checks-timeout";
}
