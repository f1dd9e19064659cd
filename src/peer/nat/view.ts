import type { Address } from "../../wire/address.ts";
import type { NatReport, PortSequence } from "./report.ts";

/** What a peer knows of the NAT in front of its socket, as it is now. */
export interface NatView {
  readonly report: NatReport;
  /** Whether the relay's second port does not answer, though the first one does. */
  readonly isSilent: boolean;
  /** The socket's public address in the other IP version than the relay is reached by, if that is known. */
  readonly otherFamily: Address | undefined;
  /** Measures where a sequential NAT is with its ports, by a new socket; `undefined` if it cannot be told. */
  measure(): Promise<PortSequence | undefined>;
}
