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
  if (lifeMs <= 0) return "over";
  if (lifeMs < minute) return `${Math.ceil(lifeMs / second)} s`;
  if (lifeMs < hour) return `${Math.floor(lifeMs / minute)} min`;
  const hours = Math.floor(lifeMs / hour);
  const minutes = Math.floor((lifeMs % hour) / minute);
  return hours < 48 ? `${hours} h ${minutes} min` : `${Math.floor(hours / 24)} d`;
}

function scaled(value: number, unit: string): string {
  let number = value;
  let step = 0;
  for (; Math.round(number) >= 1000 && step < steps.length - 1; step++) number /= 1000;
  return `${Number(number.toPrecision(3))} ${steps[step]}${unit}`.trimEnd();
}
