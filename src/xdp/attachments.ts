import type { Link, XdpInterfaceStatus, XdpMode, XdpProgram } from "./contract.ts";
import type { AttachPlan, AttachStep } from "./policy.ts";
import { attachRefusal } from "./refusal.ts";
import { codeOf } from "../system-error.ts";

/** The attempts to attach to an interface. */
interface Attempt {
  /** State of the interface at the time. Once it differs, all modes are tried again. */
  readonly signature: string;
  /** Modes that were refused, with the reason. */
  readonly refusals: Map<XdpMode, string>;
}

/** Attaches the program as planned. Only refusals are remembered; the rest is read from the links. */
export class Attachments {
  readonly #program: XdpProgram;
  /** By interface index. */
  readonly #attempts = new Map<number, Attempt>();

  constructor(program: XdpProgram) {
    this.#program = program;
  }

  /** Returns the mode in which the relay's own program is attached to an interface. */
  modeOf({ program }: Link): XdpMode | undefined {
    return program?.id === this.#program.programId ? program.mode : undefined;
  }

  /** Brings an interface to the planned state. One that is in it already is not touched, because packets could be lost. */
  settle(link: Link, plan: AttachPlan): XdpInterfaceStatus {
    const { name } = link;
    if ("refusal" in plan) {
      this.release(link);
      return { name, state: "off", reason: plan.refusal };
    }
    const { refusals } = this.#attemptOn(link, plan.steps);
    let current = this.modeOf(link);
    for (const { mode } of plan.steps) {
      if (refusals.has(mode)) continue;
      const failure = current === mode ? undefined : this.#attach(link, mode);
      if (failure === undefined) return { name, state: mode, reason: reasonFor(mode, refusals) };
      refusals.set(mode, failure);
      current = undefined;
    }
    if (current) this.#program.detach(link.index);
    return { name, state: "off", reason: reasonFor("off", refusals) };
  }

  /** Detaches the program from an interface that should not have it, and forgets the attempts. */
  release(link: Link): void {
    if (this.modeOf(link)) this.#program.detach(link.index);
    this.#attempts.delete(link.index);
  }

  /** Releases interfaces that are gone. */
  releaseAllBut(links: readonly Link[]): void {
    const present = new Set(links.map(({ index }) => index));
    for (const index of this.#attempts.keys()) {
      if (present.has(index)) continue;
      this.#program.detach(index);
      this.#attempts.delete(index);
    }
  }

  #attemptOn(link: Link, steps: readonly AttachStep[]): Attempt {
    const { index, driver, kind, mtu, features } = link;
    const signature = JSON.stringify([driver, kind, mtu, features, steps]);
    const known = this.#attempts.get(index);
    if (known?.signature === signature) return known;
    const current = known ? undefined : this.modeOf(link);
    const refusals = new Map([...keptInstead(current, steps), ...refusedByPlan(steps)]);
    const attempt = { signature, refusals };
    this.#attempts.set(index, attempt);
    return attempt;
  }

  /** Returns the reason if the kernel refused. */
  #attach(link: Link, mode: XdpMode): string | undefined {
    try {
      // It may be attached in another mode, or by a link that was cut off.
      this.#program.detach(link.index);
      this.#program.attach(link.index, mode);
      return undefined;
    } catch (error) {
      return attachRefusal(codeOf(error), mode, link);
    }
  }
}

function refusedByPlan(steps: readonly AttachStep[]): [XdpMode, string][] {
  return steps.flatMap(({ mode, refusal }) => (refusal === undefined ? [] : [[mode, refusal]]));
}

/** Returns the better modes that are not tried, with the reason, because an earlier process attached this one. */
function keptInstead(current: XdpMode | undefined, steps: readonly AttachStep[]): [XdpMode, string][] {
  const at = steps.findIndex(({ mode }) => mode === current);
  return steps.slice(0, Math.max(at, 0)).map(({ mode }) => [mode, `was attached as ${current} already`]);
}

/** Returns the reason why a state is not native: the refusals that led to it. */
function reasonFor(state: XdpMode | "off", refusals: ReadonlyMap<XdpMode, string>): string {
  if (state === "native") return "";
  if (state === "generic") return refusals.get("native") ?? "as configured";
  return Array.from(refusals, ([mode, reason]) => `${mode}: ${reason}`).join("; ");
}
