/** Media type of Prometheus's text format. */
export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/** A value of a family, and the labels that tell it apart. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its series. */
export interface Family {
  /** The name of a counter ends with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

/** Writes families in Prometheus's text format, version 0.0.4. */
export function exposition(families: readonly Family[]): string {
  return families
    .map(({ name, help, type, samples }) => {
      const head = `# HELP ${name} ${escaped(help, /[\\\n]/g)}\n# TYPE ${name} ${type}\n`;
      return head + samples.map((sample) => line(name, sample)).join("");
    })
    .join("");
}

function line(name: string, { labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text, /[\\\n"]/g)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escaped(text: string, special: RegExp): string {
  return text.replaceAll(special, (each) => (each === "\n" ? String.raw`\n` : `\\${each}`));
}

/** Returns a gauge with a single series. */
export function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: "gauge", samples: [{ value }] };
}

/** Returns a counter with a series for each value of one label; with a single series if `values` is a number. */
export function counter(
  name: string,
  help: string,
  values: number | Readonly<Record<string, number>>,
  label = "error_type",
): Family {
  if (typeof values === "number") return { name, help, type: "counter", samples: [{ value: values }] };
  const samples = Object.entries(values).map(([text, value]) => ({ labels: { [label]: text }, value }));
  return { name, help, type: "counter", samples };
}
