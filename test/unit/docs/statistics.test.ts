import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createCounters } from "../../../src/forwarder/counters.ts";
import { PlainStun } from "../../../src/forwarder/stun/plain-stun.ts";

/** The rows of the tables in docs/statistics.md: the names in the first cell, and the other cells. */
const rows = readFileSync("docs/statistics.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [first = "", ...cells] = line.split("|").slice(1, -1);
    return { names: [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name!), cells };
  });

/** The text of a type declaration in the source. */
function declaration(file: string, pattern: RegExp): string {
  const [, text] = pattern.exec(readFileSync(file, "utf8")) ?? [];
  expect(text, `${file} ${pattern}`).toBeDefined();
  return text!;
}

/** The names of an interface's fields that are numbers. */
function figuresOf(file: string, name: string): string[] {
  const text = declaration(file, new RegExp(`export interface ${name} \\{([^]*?)\\n\\}`));
  return [...text.matchAll(/^ {2}readonly (\w+): number;/gm)].map(([, field]) => field!);
}

/** Where the types are that texts of a union are made of. */
const partsOfTexts: Readonly<Record<string, string>> = {
  BudgetScope: "src/gateway/budget/bytes.ts",
  RoomScope: "src/gateway/budget/room.ts",
};

/** The members of a union of texts, their parts filled in. */
function membersOf(file: string, name: string): string[] {
  const text = declaration(file, new RegExp(`export type ${name} =([^]*?);`));
  return [...text.matchAll(/["`]([^"`]+)["`]/g)].flatMap(([, member]) => {
    const [part, type] = /\$\{(\w+)\}/.exec(member!) ?? [];
    if (part === undefined) return [member!];
    return membersOf(partsOfTexts[type!]!, type!).map((each) => member!.replace(part, each));
  });
}

function gatewayFigures(): string[] {
  const text = declaration("src/forwarder/contract.ts", /readonly gateway: \{([^]*?)\n {2}\}/);
  return [...text.matchAll(/readonly (\w+): number;/g)].map(([, field]) => field!);
}

function below(prefix: string, names: readonly string[]): string[] {
  return names.map((name) => `${prefix}.${name}`);
}

describe("docs/statistics.md", () => {
  it("has a row for every figure of the relay and of its servers, once, and for no other", () => {
    const { dropped, stun } = createCounters();
    const traffic = figuresOf("src/forwarder/contract.ts", "Traffic");
    const figures = [
      ...figuresOf("src/plugin/stats/stats.ts", "RelayStats"),
      ...below("rateBuckets", figuresOf("src/registry/rate-buckets.ts", "RateBucketStats")),
      ...["relayed", "path.kernel", "path.user"].flatMap((name) => below(name, traffic)),
      ...below("gateway", gatewayFigures()),
      ...below("mailbox", figuresOf("src/plugin/mailbox/mailbox.ts", "MailboxStats")),
      ...below("invitations", figuresOf("src/plugin/invitations/invitations.ts", "InvitationStats")),
      ...below("dropped", Object.keys(dropped)),
      ...below("stun", Object.keys(stun)),
      ...below("stunPort", Object.keys(new PlainStun(0).counts)),
      ...figuresOf("src/gateway/budget/budget.ts", "BudgetStats"),
      ...below("refused", membersOf("src/gateway/budget/limits.ts", "BudgetRefusal")),
    ];
    expect(figures.length).toBeGreaterThan(60);
    expect(rows.flatMap(({ names }) => names).toSorted()).toEqual(figures.toSorted());
  });

  it("says of each what was met and what to do", () => {
    for (const { names, cells } of rows)
      expect([names, cells.map((cell) => cell.trim() !== "")]).toEqual([names, [true, true]]);
  });
});
