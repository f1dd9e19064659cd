import type { Address } from "../../wire/address.ts";
import type { NatReport } from "../nat/report.ts";
import type { Candidate, CandidateList, ControlMessage, Hello } from "./control/messages.ts";
import type { DirectPathActions } from "./keeping/direct-path.ts";
import type { ConnectionPathEvent } from "./path-feed.ts";
import type { RelayReason } from "./policy.ts";
import type { Permitted } from "./seeking/check-rules.ts";
import type { Checklist } from "./seeking/checklist.ts";

/** What an `Agent` does, beside what its direct path does. */
export interface AgentActions extends Omit<DirectPathActions, "check" | "selected" | "standing" | "left"> {
  send(message: ControlMessage): void;
  /** Sends a check. Its answer comes by `Agent.answered`. An opener is for this side's own NAT, and need not arrive. */
  check(to: Address, isNominated: boolean, nowMs: number, isOpener?: boolean): void;
  /** Takes QUIC packets from an address as well, until `refuse`. */
  accept(address: Address): void;
  refuse(address: Address): void;
  /** Returns the smoothed round trip by the relay. */
  relayRttMs(): number;
  /** Returns this side's candidates, as the other's permit. */
  gather(others: readonly Candidate[]): readonly Candidate[];
  /** Returns what this side knows of its NAT. */
  nat(): NatReport;
  /** Returns those of the other side's candidates that may be checked, and what may be guessed by its list. */
  permit(others: CandidateList, nowMs: number): Permitted;
  /** The other side has done its part of a search for a port. */
  invited(nowMs: number): void;
  /** Returns why a round has had no answer, as far as is known; `undefined` while something else is tried. */
  explain(exhausted: RelayReason, nowMs: number): RelayReason | undefined;
  tell(event: ConnectionPathEvent): void;
}

/** The parts of an `Agent`. */
export interface AgentParts {
  readonly role: "client" | "server";
  readonly hello: Hello;
  readonly checklist: Checklist;
  readonly actions: AgentActions;
}
