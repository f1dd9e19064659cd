import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { has } from "./requirement.ts";

/** A family of Prometheus's text format. */
export interface ReadFamily {
  readonly help: string;
  readonly type: string;
  /** Values by their labels as they are written, such as `{direction="in"}`; "" without any. */
  readonly series: ReadonlyMap<string, number>;
}

const head = /^# HELP ([a-z_]+) ((?:[^\\\n]|\\\\|\\n)+)\n# TYPE \1 (counter|gauge)\n$/;
const sample =
  /^([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*")*\})? (\S+)$/;

/**
 * Reads a page of text format 0.0.4, more strictly than Prometheus: HELP, TYPE and samples of a family in this order and
 * together, no family and no series twice, finite values, and `_total` at the end of counters and of nothing else.
 */
export function readExposition(text: string): Map<string, ReadFamily> {
  expect(text).toMatch(/\n$/);
  const families = new Map<string, ReadFamily>();
  for (const block of text.split(/^(?=# HELP )/m)) {
    const [help, type, ...lines] = block.slice(0, -1).split("\n");
    const [, name, description, kind] = head.exec(`${help}\n${type}\n`) ?? expect.fail(`no head: ${block}`);
    expect(families.has(name!), name).toBe(false);
    expect(name!.endsWith("_total"), name).toBe(kind === "counter");
    families.set(name!, { help: description!, type: kind!, series: readSeries(name!, lines) });
  }
  return families;
}

function readSeries(family: string, lines: readonly string[]): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of lines) {
    const [, name, labels = "", value] = sample.exec(line) ?? expect.fail(`no sample: ${line}`);
    expect(name).toBe(family);
    expect(series.has(labels), line).toBe(false);
    expect(Number(value), line).toSatisfy(Number.isFinite);
    series.set(labels, Number(value));
  }
  return series;
}

/** Has `promtool` judge a page, where it is installed. */
export function checkWithPromtool(text: string): void {
  if (!has("promtool")) return;
  const { stderr, status } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
}
