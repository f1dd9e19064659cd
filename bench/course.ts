import { escape } from "./chart.ts";
import type { BenchReport } from "./report.ts";
import type { Course, Leg } from "./row.ts";

const [width, left, right] = [760, 56, 20];
const [top, plotHeight, legHeight] = [66, 150, 16];
const bottom = top + plotHeight;
const [legendLeft, legendPitch] = [430, 108];

/** Draws what arrives over time, with the ways that it takes below, as SVG for light and dark pages. */
export function drawCourse(course: Course, { machine, commit }: BenchReport): string {
  const { binMs, rates, marks } = course;
  const endMs = rates.length * binMs;
  // Even, so that its half is a round number too.
  const most = 2 * Math.ceil(Math.max(1, ...rates) * 0.55);
  const x = (ms: number): number => Math.round(left + (ms / endMs) * (width - left - right));
  const y = (rate: number): number => Math.round(bottom - (rate / most) * plotHeight);
  const steps = rates.map((rate, bin) => `V${y(rate)}H${x((bin + 1) * binMs)}`).join("");
  const foot = `${machine.cpu}, ${machine.kernel}, node ${machine.node}, ${commit}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 76}" role="img">
<title>MB/s that arrive while the direct way is cut and healed</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; }
.scale { text-anchor: end; }
.mark, .second { text-anchor: middle; }
.foot, .second, .scale, .legend { fill: #57606a; font-size: 11px; }
.rate { fill: #6f42c1; }
.relay { fill: #b7791f; }
.direct { fill: #1a7f64; }
.both { fill: #0b5d8f; }
.line { stroke: #57606a; stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .foot, .second, .scale, .legend { fill: #9198a1; }
  .direct { fill: #3fb99b; }
  .both { fill: #4aa3dd; }
  .relay { fill: #d9a441; }
  .rate { fill: #a98be0; }
  .line { stroke: #9198a1; }
}
</style>
<text class="title" x="16" y="28">MB/s that arrive</text>
<path class="rate" d="M${left},${bottom}${steps}V${bottom}Z"/>
${[0, most / 2, most].map((rate) => `<text class="scale" x="${left - 8}" y="${y(rate) + 4}">${rate}</text>`).join("\n")}
${drawLegend()}
${marks.map(({ atMs, text }) => drawMark(x(atMs), text)).join("\n")}
${drawLegs(course, x)}
${secondsOf(endMs)
  .map(
    (second) =>
      `<text class="second" x="${x(second * 1000)}" y="${bottom + legHeight + 18}">${second} s</text>`,
  )
  .join("\n")}
<text class="foot" x="16" y="${bottom + 64}">${escape(foot)}</text>
</svg>
`;
}

function drawMark(x: number, text: string): string {
  return `<line class="line" x1="${x}" x2="${x}" y1="${top - 6}" y2="${bottom + legHeight}"/>
<text class="mark" x="${x}" y="${top - 12}">${escape(text)}</text>`;
}

function drawLegs({ legs, rates, binMs }: Course, x: (ms: number) => number): string {
  const ends = [...legs.slice(1).map(({ fromMs }) => fromMs), rates.length * binMs];
  return legs
    .map(({ fromMs, ways }, index) => drawBar(ways, x(fromMs), x(ends[index]!), bottom + 2))
    .join("\n");
}

function drawBar(ways: Leg["ways"], from: number, to: number, y: number): string {
  return `<rect class="${ways}" x="${from}" y="${y}" width="${Math.max(1, to - from)}" height="${legHeight}"/>`;
}

/** What the colours of the legs mean. */
function drawLegend(): string {
  const names = { relay: "by the relay", direct: "directly", both: "both at once" } as const;
  return Object.entries(names)
    .map(([ways, name], index) => {
      const x = legendLeft + index * legendPitch;
      const text = `<text class="legend" x="${x + legHeight + 6}" y="28">${name}</text>`;
      return `${drawBar(ways as Leg["ways"], x, x + legHeight, 16)}\n${text}`;
    })
    .join("\n");
}

function secondsOf(endMs: number): number[] {
  return Array.from({ length: Math.floor(endMs / 1000) + 1 }, (_, second) => second);
}
