import type { Columns } from "./history.ts";
import uPlot from "../uplot.js";

/** A line in a chart. */
export interface Line {
  readonly label: string;
  /** Custom property of the style sheet that holds its colour. */
  readonly colour: string;
}

/** A chart of rates over the last minutes. */
export interface Chart {
  show(columns: Columns): void;
}

/** Least time span of a chart, in seconds, so that its first points do not fill the whole width. */
const leastSpanSeconds = 60;

/** The parts of a chart. */
export interface ChartShape {
  readonly lines: readonly Line[];
  /** Formats a value for the axis. */
  readonly format: (value: number) => string;
  /** Called with the index of the point under the cursor; `undefined` if there is none. */
  readonly onPoint: (index: number | undefined) => void;
}

/** Draws a chart into an element. It follows the element's size, and redraws when the system switches between light and dark. */
export function createChart(host: HTMLElement, shape: ChartShape): Chart {
  let shown: Columns = [[], ...shape.lines.map(() => [])];
  let plot = draw(host, shape, shown);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plot.destroy();
    plot = draw(host, shape, shown);
  });
  new ResizeObserver(() => plot.setSize(sizeOf(host))).observe(host);
  return {
    show(columns) {
      shown = columns;
      plot.setData(columns as uPlot.AlignedData);
    },
  };
}

function draw(host: HTMLElement, { lines, format, onPoint }: ChartShape, columns: Columns): uPlot {
  const axis = { stroke: colour("--muted"), font: `12px ${colour("--sans")}` };
  const grid = { stroke: colour("--line"), width: 1 };
  const ticks = { show: false };
  const options: uPlot.Options = {
    ...sizeOf(host),
    legend: { show: false },
    cursor: { y: false, sync: { key: "console" }, drag: { x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
    scales: {
      x: { range: ({ data: [times] }) => spanOf(times) },
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.1, 10)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks,
        space: 80,
        size: 30,
        values: (_plot, splits) => splits.map(timeOf),
      },
      { ...axis, grid, ticks, size: 64, values: (_plot, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        fill: `color-mix(in srgb, ${colour(line.colour)} 14%, transparent)`,
        width: 2,
        points: { show: false },
      })),
    ],
  };
  return new uPlot(options, columns as uPlot.AlignedData, host);
}

/** Returns the time range from the first point to the last, but at least the minimum span. Without points it ends now. */
function spanOf(times: ArrayLike<number>): [from: number, to: number] {
  const to = times[times.length - 1] ?? Date.now() / 1000;
  return [Math.min(times[0] ?? to, to - leastSpanSeconds), to];
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

function timeOf(seconds: number): string {
  return clock.format(seconds * 1000);
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: Math.max(host.clientWidth, 1), height: Math.max(host.clientHeight, 1) };
}

function colour(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}
