const steps = ["", "k", "M", "G", "T", "P"] as const;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Formats a count with three digits, in powers of 1000: `950`, `12.4 k`, `3 M`. */
export function formatCount(count: number): string {
  return scaled(count, "");
}

/** Formats bytes in powers of 1000, as is usual for network rates: `1.2 MB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, "B");
}

/** Formats a remaining time in its largest one or two units: `45 s`, `12 min`, `3 h 20 min`; `over` once it has passed. */
export function formatLife(lifeMs: number): string {
  return lifeMs <= 0 ? "over" : formatDuration(lifeMs, Math.ceil);
}

/** Formats a time without packets, to the second; a dash if there is none. */
export function formatQuiet(quietMs: number | null): string {
  return quietMs ? formatDuration(quietMs, Math.round) : "–";
}

function formatDuration(ms: number, toWhole: (seconds: number) => number): string {
  if (ms < minute) return `${toWhole(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  const hours = Math.floor(ms / hour);
  const minutes = Math.floor((ms % hour) / minute);
  return hours < 48 ? `${hours} h ${minutes} min` : `${Math.floor(hours / 24)} d`;
}

function scaled(value: number, unit: string): string {
  let number = value;
  let step = 0;
  for (; Math.round(number) >= 1000 && step < steps.length - 1; step++) number /= 1000;
  return `${Number(number.toPrecision(3))} ${steps[step]}${unit}`.trimEnd();
}
