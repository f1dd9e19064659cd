/** One line of Prometheus's text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A page in Prometheus's text format, version 0.0.4: samples, and the type that each family is declared with. */
export interface PrometheusPage {
  readonly samples: readonly Sample[];
  readonly types: Readonly<Record<string, string>>;
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/g;

/** Parses a page; a line that is none of the format's is an error. */
export function parsePrometheus(text: string): PrometheusPage {
  const samples: Sample[] = [];
  const types: Record<string, string> = {};
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const type = /^# TYPE (\S+) (\w+)$/.exec(line);
    if (type) types[type[1]!] = type[2]!;
    if (line.startsWith("#")) continue;
    const sample = sampleLine.exec(line);
    if (!sample) throw new SyntaxError(`not a sample: ${line}`);
    const labels = [...(sample[2] ?? "").matchAll(label)].map(([, name, value]) => [name!, value!]);
    samples.push({
      name: sample[1]!,
      labels: Object.fromEntries(labels),
      value: Number(sample[3]!.replace("Inf", "Infinity")),
    });
  }
  return { samples, types };
}
