import type { Target } from "../attack.ts";
import { type Fields, post } from "./http3-frames.ts";

/** Returns the fields of a sign-in to the console, which is asked without a token. */
export function signIn(target: Pick<Target, "port">): Fields {
  return [
    ...post("/relay/session", target),
    ["content-type", "application/x-www-form-urlencoded"],
    ["sec-fetch-site", "same-origin"],
  ];
}

/** Returns the same as lines of HTTP/1.1, without the empty one at their end. */
export function signInLines(target: Pick<Target, "port">): string {
  const fields = signIn(target).filter(([name]) => !name.startsWith(":"));
  return `POST /relay/session HTTP/1.1\r\nhost: localhost\r\n${fields.map((field) => `${field.join(": ")}\r\n`).join("")}`;
}
