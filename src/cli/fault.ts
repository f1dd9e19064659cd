import { getSystemErrorMap } from "node:util";
import { printable } from "./terminal-text.ts";

const systemCodes: ReadonlySet<string> = new Set([...getSystemErrorMap().values()].map(([name]) => name));

/** How deep causes are looked through: more than any library nests them. */
const maxCauses = 8;

/** Returns what to print of an error that is not this package's: a line of a system's error, and the stack of a bug. */
export function faultText(error: unknown): string {
  const fault = systemFaultOf(error);
  if (fault !== undefined) return printable(fault);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split("\n").map(printable).join("\n");
}

/** Returns the sentence of an error that the system has caused, by itself or as the cause of another; `undefined` for all else. */
function systemFaultOf(error: unknown): string | undefined {
  const said: string[] = [];
  for (let each = error, left = maxCauses; each instanceof Error && left > 0; each = each.cause, left--) {
    const code = systemCodeOf(each);
    // One for several addresses has no message.
    const text = each.message || (code ?? "");
    if (text !== "" && !said.includes(text)) said.push(text);
    if (code !== undefined) return said.join(": ");
  }
  return undefined;
}

/** Returns the code of a failure of the system, not of a program: a known one such as `EACCES`, or any with the call that failed. */
function systemCodeOf(error: Error): string | undefined {
  const { code, syscall } = error as Error & { readonly code?: unknown; readonly syscall?: unknown };
  const isSystems = typeof code === "string" && (systemCodes.has(code) || typeof syscall === "string");
  return isSystems ? code : undefined;
}
