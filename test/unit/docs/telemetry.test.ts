import { globSync, readFileSync } from "node:fs";
import * as stable from "@opentelemetry/semantic-conventions";
import * as all from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import { gatewayPage } from "../../../src/cli/relay/metrics/gateway-page.ts";
import { createCertificate } from "../../../src/files/certificate.ts";
import { Budget } from "../../../src/gateway/index.ts";
import {
  counters,
  levels,
  type Metric,
  peerMetrics,
  registrationDuration,
  registrationDurationName,
} from "../../../src/telemetry/instruments.ts";
import { readExposition } from "../../integration/harness/exposition.ts";
import { serveRelay } from "../../integration/harness/relay-app.ts";
import { attributes, events, spans } from "../../../src/telemetry/names.ts";

const durations = { [registrationDurationName]: registrationDuration };
const { changes, connections, searches } = peerMetrics;

const document = readFileSync(new URL("../../../docs/telemetry.md", import.meta.url), "utf8");

/** The rows of the table with such a first heading, the first one or another, cell by cell. */
function tableOf(heading: string, nth = 0): string[][] {
  const lines = document.split("\n");
  const isHead = (line: string): boolean => new RegExp(`^\\| ${heading} +\\|`).test(line);
  const start = lines.flatMap((line, index) => (isHead(line) ? [index] : []))[nth]!;
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

function metricRow(instrument: string, [name, { unit, by }]: [string, Metric]): string[] {
  return [code(name), instrument, code(unit), (by ?? []).map(code).join(", ")];
}

const isOwn = (name: string): boolean => name.startsWith("quicpipe.");
const known = (names: object): Set<unknown> =>
  new Set(Object.entries(names).flatMap(([name, value]) => (name.startsWith("ATTR_") ? [value] : [])));

describe("the metrics for Prometheus in docs/telemetry.md", () => {
  it("are all that a relay has beside those of OpenTelemetry, with type and label", async () => {
    const { relay } = await serveRelay({ auth: "none", stunPort: 0 });
    relay.drain();
    const ofTelemetry = new Set([
      ...Object.keys(counters).map((name) => `${name.replaceAll(".", "_")}_total`),
      ...Object.keys(levels).map((name) => name.replaceAll(".", "_")),
    ]);
    const families = [...readExposition(relay.metrics())].filter(([name]) => !ofTelemetry.delete(name));
    expect([...ofTelemetry]).toEqual([]);
    const rows = tableOf("metric", 1);
    expect(rows.map(([name, type]) => [name, type])).toEqual(
      families.map(([name, { type }]) => [code(name), type]),
    );
    for (const [index, [name, { series }]] of families.entries())
      for (const labels of series.keys())
        expect(rows[index]![2], name).toBe(
          [...labels.matchAll(/(\w+)=/g)].map(([, label]) => code(label!)).join(", "),
        );
  });
});

describe("the metrics of the command's listener in docs/telemetry.md", () => {
  it("are all that it adds", async () => {
    const { certificate } = await createCertificate({ name: "test" });
    const families = readExposition(gatewayPage(new Budget().stats(), certificate));
    expect(tableOf("metric", 2).map(([name, type]) => [name, type])).toEqual(
      [...families].map(([name, { type }]) => [code(name), type]),
    );
  });
});

it("docs/telemetry.md installs what its example imports, and nothing else", () => {
  const example = globSync("examples/telemetry/*.ts").map((path) => readFileSync(path, "utf8"));
  const imported = [...example.join("\n").matchAll(/from "(@opentelemetry\/[\w-]+)"/g)].map(
    ([, name]) => name,
  );
  const [, line] = /npm install ((?:.*\\\n)*.*)\n/.exec(document)!;
  expect(imported.length).toBeGreaterThan(5);
  expect(line!.split(/[\s\\]+/).toSorted()).toEqual([...new Set(imported)].toSorted());
});

describe("the names in docs/telemetry.md", () => {
  it("are all spans and events that the code gives", () => {
    expect(tableOf("span").map(([name]) => name)).toEqual(
      expect.arrayContaining(Object.values(spans).map(code)),
    );
    expect(tableOf("span")).toHaveLength(Object.keys(spans).length);
    expect(tableOf("event").map(([name]) => name)).toEqual(Object.values(events).map(code));
  });

  it("are all metrics that the code gives, with instrument, unit and attribute", () => {
    const metrics = [
      ...Object.entries(counters).map((entry) => metricRow("counter", entry)),
      ...Object.entries(levels).map((entry) => metricRow("updowncounter", entry)),
      ...Object.entries(durations).map((entry) => metricRow("histogram", entry)),
      metricRow("updowncounter", [connections.name, connections]),
      metricRow("histogram", [searches.name, searches]),
      metricRow("counter", [changes.name, changes]),
    ];
    expect(tableOf("metric").map((row) => row.slice(0, 4))).toEqual(metrics);
  });

  it("are all attributes that the code gives, and from the semantic conventions where it says so", () => {
    const rows = tableOf("attribute");
    expect(rows.map(([name]) => name)).toEqual(Object.values(attributes).map(code));
    for (const [cell, , origin] of rows) {
      const name = cell!.slice(1, -1);
      if (isOwn(name)) expect(origin, name).toMatch(/^own/);
      else if (known(stable).has(name)) expect(origin, name).toBe("conventions, stable");
      else {
        expect(known(all), name).toContain(name);
        expect(origin, name).toBe("conventions, in development");
      }
    }
  });

  it("keep to the rules of the conventions: lower case, no unit or _total in the name of a metric", () => {
    const ofPeers = Object.values(peerMetrics).map(({ name }) => name);
    const metrics = [...Object.keys({ ...counters, ...levels, ...durations }), ...ofPeers];
    for (const name of [
      ...metrics,
      ...Object.values(spans),
      ...Object.values(events),
      ...Object.values(attributes),
    ])
      expect(name).toMatch(/^[a-z]+(\.[a-z]+(_[a-z]+)*)+$/);
    for (const name of metrics) expect(name).not.toMatch(/total|bytes|seconds|_ms$/);
  });
});
