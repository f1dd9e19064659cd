/** Reports whether a parsed JSON value is an object, as opposed to an array, a text, a number, `true`, `false` or `null`. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
