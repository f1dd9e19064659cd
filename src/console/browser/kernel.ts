import { byId, create, setText } from "./elements.ts";
import type { Totals } from "./snapshot.ts";
import { type Finding, readFindings, reasonOf } from "./relay-client.ts";

const tones = {
  ok: "good",
  hint: "warn",
  problem: "bad",
  native: "kernel",
  generic: "kernel",
  off: "quiet",
} as const;

/** Shows whether the kernel forwards, on which interfaces, and what limits it. */
export function showKernel({ xdp, unclaimed }: Totals): void {
  const state = byId("xdp-state");
  setText(state, xdp.state);
  state.dataset["tone"] = xdp.state === "on" ? "good" : "quiet";
  const remarks = [
    xdp.reason,
    ...(xdp.refusedRoutes > 0 ? [`${xdp.refusedRoutes} routes found no room in its tables`] : []),
    ...(unclaimed > 0 ? [`${unclaimed} sessions of an earlier process wait for their peers`] : []),
  ];
  setText(byId("xdp-reason"), remarks.filter(Boolean).join("; "));
  byId("xdp-interfaces").replaceChildren(
    ...xdp.interfaces.map(({ name, state: mode, reason }) =>
      create("li", {}, chip(mode), create("span", {}, reason === "" ? name : `${name}: ${reason}`)),
    ),
  );
}

/** Requests the doctor's findings once and shows them with their remedies. */
export async function showFindings(): Promise<void> {
  try {
    const findings = await readFindings();
    const counts = [countOf("problem", findings), countOf("hint", findings)];
    setText(byId("doctor-summary"), `What the doctor says: ${counts.join(", ")}`);
    byId("doctor").replaceChildren(...findings.map(findingItem));
  } catch (error) {
    setText(byId("doctor-summary"), `The doctor cannot be asked: ${reasonOf(error)}`);
  }
}

function countOf(level: Finding["level"], findings: readonly Finding[]): string {
  const count = findings.filter((finding) => finding.level === level).length;
  return `${count} ${level}${count === 1 ? "" : "s"}`;
}

function findingItem({ level, subject, sentence, remedies }: Finding): HTMLLIElement {
  const words = create("span", {}, create("b", {}, subject), `: ${sentence}`);
  return create("li", {}, chip(level), words, ...remedies.map((remedy) => create("code", {}, remedy)));
}

function chip(word: string): HTMLSpanElement {
  const tone = tones[word as keyof typeof tones] ?? "quiet";
  return create("span", { className: "chip", data: { tone } }, word);
}
