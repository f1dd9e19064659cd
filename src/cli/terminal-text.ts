/** Makes untrusted text safe to show: characters that move the cursor, change colours or are invisible become dots. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "·");
}

/** Returns a JSON value with all its text {@link printable}, so that none of it moves the cursor. */
export function printableDeep<T>(value: T): T {
  return mapDeep(value) as T;
}

function mapDeep(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.map(mapDeep);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [printable(key), mapDeep(each)]));
}

/** Formats a value as JSON for people and programs. Escapes invisible characters, as JSON allows for any. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** Returns the number of columns that a terminal needs for a text without control characters. */
export function columnsOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + widthOf(character), 0);
}

/** Fills or cuts a text to a number of columns. A cut text ends in an ellipsis. */
export function fit(text: string, columns: number, align: "left" | "right" = "left"): string {
  const shown = cut(text, columns);
  const space = " ".repeat(columns - columnsOf(shown));
  return align === "left" ? shown + space : space + shown;
}

/** Longest text in a column, in UTF-16 code units: combining marks take no column, and a letter has a few at most. */
const maxPerColumn = 8;

/** Cuts a text to at most a number of columns. A cut text ends in an ellipsis. */
export function cut(text: string, columns: number): string {
  const maxLength = maxPerColumn * columns;
  if (text.length <= maxLength && columnsOf(text) <= columns) return text;
  let kept = "";
  let left = columns - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0 || kept.length + character.length >= maxLength) break;
    kept += character;
  }
  return columns > 0 ? `${kept}…` : "";
}

const wide =
  /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uFF01-\uFF60]/u;
const combining = /^\p{M}/u;

function widthOf(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** Formats a number of bytes for people: `999 B`, `1.23 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${units[unit]!}`;
}

/** Formats a duration in its largest unit, for people: `12 s`, `3 min`, `47 h`, `5 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
