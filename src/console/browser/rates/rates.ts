import type { TrafficRate } from "../../../protocol.ts";
import { type Chart, createChart, type Line } from "./chart.ts";
import { byId, setText } from "../elements.ts";
import type { Snapshot } from "../snapshot.ts";
import { History } from "./history.ts";
import { formatBytes, formatCount } from "../quantities.ts";

const windowSeconds = 300;
const gapSeconds = 3;

const lines: readonly Line[] = [
  { label: "in user space", colour: "--user" },
  { label: "in the kernel", colour: "--kernel" },
];

/** A chart of one rate by forwarding path. Its legend shows the current values, or those under the cursor. */
class RateChart {
  readonly #name: string;
  readonly #valueOf: (rate: TrafficRate) => number;
  readonly #format: (value: number) => string;
  readonly #history: History = new History(lines.length, windowSeconds, gapSeconds);
  readonly #chart: Chart;
  #pointedAt: number | undefined;

  constructor(name: string, valueOf: (rate: TrafficRate) => number, format: (value: number) => string) {
    this.#name = name;
    this.#valueOf = valueOf;
    this.#format = format;
    this.#chart = createChart(byId(`${name}-chart`), {
      lines,
      format,
      onPoint: (index) => {
        this.#pointedAt = index;
        this.#showFigures();
      },
    });
  }

  show({ at, rates }: Snapshot): void {
    if (!rates) return;
    const values = [this.#valueOf(rates.user), this.#valueOf(rates.kernel)];
    this.#history.add({ at: Date.parse(at) / 1000, values });
    this.#chart.show(this.#history.columns);
    this.#showFigures();
  }

  #showFigures(): void {
    const [, ...columns] = this.#history.columns;
    const [user, kernel] = columns.map((column) => {
      const value = column.at(this.#pointedAt ?? -1) ?? null;
      return value === null ? "–" : this.#format(value);
    });
    setText(byId(`${this.#name}-user`), user!);
    setText(byId(`${this.#name}-kernel`), kernel!);
    byId(`${this.#name}-chart`).ariaDescription = `${user} in user space, ${kernel} in the kernel`;
  }
}

/** Returns the charts of packets and bytes per second. */
export function createRateCharts(): readonly RateChart[] {
  return [
    new RateChart("packets", ({ packetsPerSecond }) => packetsPerSecond, formatCount),
    new RateChart("bytes", ({ bytesPerSecond }) => bytesPerSecond, formatBytes),
  ];
}
