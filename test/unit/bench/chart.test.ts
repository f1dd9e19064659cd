import { describe, expect, it } from "vitest";
import { drawChart } from "../../../bench/chart.ts";
import type { BenchReport } from "../../../bench/report.ts";
import type { RowResult } from "../../../bench/row.ts";

function row(name: string, median: number): RowResult {
  const control = { name: "bare C", median: 1000, range: [1000, 1000] as const };
  const subject = { median, range: [median, median] as const };
  return { name, unit: "kpps/core", subject, control, ratio: median / 1000, rounds: 1 };
}

function report(rows: RowResult[]): BenchReport {
  const machine = { cpu: "a <fast> CPU", cores: 2, kernel: "linux 6", node: "v24" };
  return { machine, commit: "abc", packetBytes: 1200, rows, skipped: [], goals: [] };
}

describe("the picture of the benchmark", () => {
  it("draws the control and each backend to one scale", () => {
    const svg = drawChart(report([row("native/burst16-64", 500), row("coturn/burst16-64", 250)]));
    const bars = [...svg.matchAll(/<rect class="(\w+)" .*? width="(\d+)"/g)];
    expect(bars.map(([, backend, width]) => [backend, Number(width)])).toEqual([
      ["control", 410],
      ["native", 205],
      ["coturn", 103],
    ]);
  });

  it("draws the rows of a kind of input, under the name of what forwards", () => {
    const svg = drawChart(report([row("xdp-skb/random-100k", 500), row("native-skb/random-100k", 250)]));
    const bars = [...svg.matchAll(/<rect class="(\w+)"/g)];
    expect(bars.map(([, backend]) => backend)).toEqual(["control", "xdp", "native"]);
  });

  it("draws peers beside both of their controls, to a scale of their own", () => {
    const peers = (name: string, control: string, ratio: number): RowResult => ({
      ...row(name, 200),
      unit: "MB/s",
      control: { name: control, median: 200 / ratio, range: [200 / ratio, 200 / ratio] },
      ratio,
    });
    const rows = [
      row("native/burst16-64", 500),
      peers("peer/stream", "quiche", 4),
      peers("peer/stream-of-rust", "Rust", 0.8),
    ];
    const svg = drawChart(report(rows));
    const bars = [...svg.matchAll(/<rect class="(\w+)" .*? width="(\d+)"/g)];
    expect(bars.slice(2).map(([, backend, width]) => [backend, Number(width)])).toEqual([
      ["control", 82],
      ["control", 410],
      ["peer", 328],
    ]);
    expect(svg).toContain("200: 400 % of quiche, 80 % of Rust");
  });

  it("leaves out what was not measured, and rows that are no backend's", () => {
    const svg = drawChart(report([row("native/random-100k", 500), row("splice/http3-download", 1)]));
    expect(svg).not.toContain("bursts of 16");
    expect(svg).not.toContain("splice");
  });

  it("escapes what the system says of itself", () => {
    expect(drawChart(report([]))).toContain("a &lt;fast&gt; CPU");
  });
});
