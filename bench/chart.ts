import type { BenchReport } from "./report.ts";
import type { RowResult } from "./row.ts";

const groups: readonly { readonly title: string; readonly rows: readonly string[] }[] = [
  {
    title: "bursts of 16 packets, 64 connection IDs",
    rows: ["native/burst16-64", "dgram/burst16-64", "coturn/burst16-64"],
  },
  {
    title: "random order, 100 000 connection IDs (10 000 TURN channels)",
    rows: ["native/random-100k", "dgram/random-100k", "coturn/random"],
  },
  { title: "XDP on packets of the kernel's stack, 64 connection IDs", rows: ["xdp-skb/64"] },
  {
    title: "XDP on packets of the stack, 100 000 connection IDs; native, all that its core does counted",
    rows: ["xdp-skb/random-100k", "native-skb/random-100k"],
  },
  { title: "XDP on frames as a driver has them, 64 connection IDs", rows: ["xdp-frames/64"] },
  { title: "XDP on frames, 100 000 connection IDs in random order", rows: ["xdp-frames/random-100k"] },
  {
    title:
      "one stream between two peers, in MB/s; peers on the former engine, and the same engine in Rust alone",
    rows: ["peer/stream", "peer/stream-of-rust"],
  },
];

const width = 760;
const left = 110;
const barWidth = 410;
const barHeight = 18;
const barPitch = 24;
const groupPitch = 40;
const top = 50;

interface Bar {
  /** Backend that the bar stands for, and its class in the style. */
  readonly backend: string;
  readonly value: number;
  readonly unit: RowResult["unit"];
  readonly note: string;
}

/** Whether there is anything to draw. */
export function hasBars({ rows }: BenchReport): boolean {
  return groups.some(({ rows: names }) => rows.some(({ name }) => names.includes(name)));
}

/** Draws thousands of packets per second and core by backend, and speeds of peers, as SVG for light and dark pages. */
export function drawChart({ machine, rows, commit, packetBytes }: BenchReport): string {
  const drawn = groups
    .map(({ title, rows: names }) => ({
      title,
      bars: barsOf(rows.filter(({ name }) => names.includes(name))),
    }))
    .filter(({ bars }) => bars.length > 0);
  const all = drawn.flatMap(({ bars }) => bars);
  /** Pixels of a unit. Bars of one unit have one scale. */
  const scaleOf = (wanted: RowResult["unit"]): number =>
    barWidth / Math.max(1, ...all.flatMap(({ unit, value }) => (unit === wanted ? value : [])));
  let y = top;
  const body = drawn.map(({ title, bars }) => {
    const lines = [`<text class="group" x="16" y="${y + 14}">${escape(title)}</text>`];
    y += barPitch;
    for (const bar of bars) {
      lines.push(drawBar(bar, y, scaleOf(bar.unit)));
      y += barPitch;
    }
    y += groupPitch - barPitch;
    return lines.join("\n");
  });
  const foot = `${packetBytes}-byte packets; ${machine.cpu}, ${machine.kernel}, node ${machine.node}, ${commit}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 20}" role="img">
<title>Thousands of packets forwarded per second and core, by backend</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; }
.group, .backend { font-weight: 600; }
.backend { text-anchor: end; }
.foot { fill: #57606a; font-size: 11px; }
.xdp { fill: #0b5d8f; }
.native { fill: #1a7f64; }
.dgram { fill: #5aa793; }
.coturn { fill: #b7791f; }
.peer { fill: #6f42c1; }
.control { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .foot { fill: #9198a1; }
  .xdp { fill: #4aa3dd; }
  .native { fill: #3fb99b; }
  .dgram { fill: #2a7d68; }
  .coturn { fill: #d9a441; }
  .peer { fill: #a98be0; }
  .control { fill: #6e7681; }
}
</style>
<text class="title" x="16" y="28">Thousands of packets per second and core</text>
${body.join("\n")}
<text class="foot" x="16" y="${y + 8}">${escape(foot)}</text>
</svg>
`;
}

/** Returns a bar for each control and one for each backend. */
function barsOf(rows: readonly RowResult[]): Bar[] {
  const firsts = (nameOf: (row: RowResult) => string): RowResult[] =>
    rows.filter((row, at) => rows.findIndex((other) => nameOf(other) === nameOf(row)) === at);
  const isPeers = rows.some((row) => backendOf(row) === "peer");
  return [
    ...firsts(({ control }) => control!.name).map(({ unit, control }) => ({
      backend: "control",
      unit,
      value: control!.median,
      note: isPeers ? control!.name : `${control!.name}, no table or policy`,
    })),
    ...firsts(backendOf).map((row) => ({
      backend: backendOf(row),
      unit: row.unit,
      value: row.subject.median,
      note: isPeers ? shares(rows) : `${percentOf(row)} of the control`,
    })),
  ];
}

function backendOf({ name }: RowResult): string {
  return /^\w+/.exec(name)![0];
}

function shares(rows: readonly RowResult[]): string {
  return rows.map((row) => `${percentOf(row)} of ${row.control!.name}`).join(", ");
}

function percentOf({ ratio }: RowResult): string {
  return `${Math.round(ratio! * 100)} %`;
}

function drawBar({ backend, value, note }: Bar, y: number, scale: number): string {
  const length = Math.max(1, Math.round(value * scale));
  const label = `${Math.round(value)}: ${note}`;
  return `<text class="backend" x="${left - 12}" y="${y + 14}">${escape(backend)}</text>
<rect class="${escape(backend)}" x="${left}" y="${y}" width="${length}" height="${barHeight}" rx="2"/>
<text x="${left + length + 8}" y="${y + 14}">${escape(label)}</text>`;
}

/** Makes text safe in SVG. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
