import type { TokenBucket } from "../../../token-bucket.ts";
import type { Address } from "../../../wire/address.ts";
import type { NatView } from "../../nat/view.ts";
import type { PeerSocket } from "../../socket.ts";
import type { ControlStream } from "../control/control-stream.ts";
import type { CandidateList } from "../control/messages.ts";
import type { CheckOwner, PathChecks } from "../seeking/checks.ts";
import type { SearchGate } from "./gate.ts";

/** The parts of a `BirthdaySearch`. */
export interface BirthdayParts {
  readonly gate: SearchGate;
  /** Of checks at addresses that are not proven. */
  readonly limit: TokenBucket;
  readonly socket: Pick<PeerSocket, "send" | "local" | "allowDirectFrom">;
  readonly checks: Pick<PathChecks, "make" | "isCheckOf" | "receive" | "send">;
  readonly owner: CheckOwner;
  readonly otherPin: string;
  readonly control: Pick<ControlStream, "send">;
  readonly nat: Pick<NatView, "report">;
  /** Whether both sides want it. */
  readonly isWanted: () => boolean;
  /** Whether a round has had no answer, and nothing has answered since. */
  readonly isSilent: () => boolean;
  /** Returns what the other side has told last. */
  readonly theirs: () => CandidateList | undefined;
  /** Reports whether an address may be searched, or opened to. */
  readonly isTarget: (address: Address) => boolean;
  /** Nothing was found. */
  readonly onOver: () => void;
}
