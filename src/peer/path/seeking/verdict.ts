import { isHard, type NatReport } from "../../nat/report.ts";
import type { NatView } from "../../nat/view.ts";
import type { RelayReason } from "../policy.ts";

/** What is known where no check was answered. */
export interface Silence {
  readonly own: Pick<NatView, "report" | "isSilent">;
  readonly theirs: NatReport;
  /** Whether both peers are behind one NAT: one that leads nothing back says nothing about UDP. */
  readonly isSameNat: boolean;
}

/** Says why no check was answered, as far as both NATs tell. */
export function whySilent({ own, theirs, isSameNat }: Silence): RelayReason {
  // The relay's first port answers, as there is a connection by it.
  if (own.isSilent) return "udp-blocked";
  const reports = [own.report, theirs];
  if (reports.every(isHard)) return "nat-hard-both";
  // Nothing that a NAT does to ports stands in the way.
  const isEasy = reports.every(({ kind }) => kind === "endpoint-independent");
  return isEasy && !isSameNat ? "udp-blocked" : "checks-timeout";
}
