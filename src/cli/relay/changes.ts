import type { RelayConfig } from "./config.ts";

/** Returns the options that differ between two configurations and that a running relay cannot change, by their names in the config file. */
export function needRestart(before: RelayConfig, after: RelayConfig): string[] {
  return differences(lasting(before), lasting(after));
}

/** Returns what a relay keeps until it ends. */
function lasting({ options, metricsListen, tls }: RelayConfig): object {
  // Other files are read; a certificate in place of the development one, or the other way round, is not.
  return { ...options, metricsListen, tls: tls === undefined };
}

function differences(before: object, after: object, path = ""): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [one, other]: unknown[] = [Reflect.get(before, name), Reflect.get(after, name)];
    if (JSON.stringify(one) === JSON.stringify(other)) return [];
    if (isPlain(one) && isPlain(other)) return differences(one, other, `${path}${name}.`);
    return [path + name];
  });
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
