import type { BenchReport } from "./report.ts";

const rowHeight = 64;
const barHeight = 18;
const left = 145;
const barWidth = 340;
const width = 760;

/** Draws thousands of packets per second and core for each row and its control, as SVG for light and dark pages. */
export function drawChart({ machine, rows, commit }: BenchReport): string {
  const scale = barWidth / Math.max(1, ...rows.flatMap((row) => [row.kppsPerCore, row.control]));
  const bars = rows.map((row, i) => {
    const top = 56 + i * rowHeight;
    return [
      `<text class="name" x="${left - 12}" y="${top + barHeight + 4}">${escape(row.name)}</text>`,
      bar("subject", top, row.kppsPerCore, `quicpipe, ${percent(row.ratio)} of the control`),
      bar("control", top + barHeight + 3, row.control, row.controlName),
    ].join("\n");
  });
  const height = 56 + rows.length * rowHeight + 28;
  const foot = `${machine.cpu}, ${machine.kernel}, node ${machine.node}, ${commit}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">
<title>Thousands of packets forwarded per second and core</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; }
.name { text-anchor: end; font-weight: 600; }
.foot { fill: #57606a; font-size: 11px; }
.subject { fill: #1a7f64; }
.control { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .foot { fill: #9198a1; }
  .subject { fill: #3fb99b; }
  .control { fill: #6e7681; }
}
</style>
<text class="title" x="16" y="28">Thousands of packets per second and core</text>
${bars.join("\n")}
<text class="foot" x="16" y="${height - 12}">${escape(foot)}</text>
</svg>
`;

  function bar(kind: "subject" | "control", top: number, value: number, label: string): string {
    const length = Math.round(value * scale);
    return `<rect class="${kind}" x="${left}" y="${top}" width="${length}" height="${barHeight}" rx="2"/>
<text x="${left + length + 8}" y="${top + 14}">${escape(`${value.toFixed(1)}  ${label}`)}</text>`;
  }
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
