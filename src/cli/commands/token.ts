import { defineCommand, type CommandDef } from "citty";
import { optionError } from "../../option-checks.ts";
import { mintDevelopmentToken } from "../../plugin/auth/index.ts";
import { scopes } from "../../protocol.ts";
import { requireName, requireNumber } from "../arguments.ts";

const args = {
  sub: { type: "string", required: true, description: "Name of the peer", valueHint: "alice" },
  scope: {
    type: "string",
    description: `Scopes, separated by spaces, out of ${Object.values(scopes).join(", ")} (default: those of a peer)`,
    valueHint: "scopes",
  },
  ttl: {
    type: "string",
    default: "86400",
    description: "Seconds that the token is valid",
    valueHint: "seconds",
  },
} as const;

/** `quicpipe token`: prints a token for a relay that uses this machine's development key. */
export const token = defineCommand({
  meta: {
    name: "token",
    description:
      "Print a token for a peer, signed with this machine's development key (a relay in production has its own issuer)",
  },
  args,
  async run({ args: { sub, scope, ttl } }) {
    const made = await mintDevelopmentToken({
      sub: requireName("--sub", sub),
      ttlSeconds: requireNumber("--ttl", ttl, { min: 1, unit: "seconds" }),
      ...(scope === undefined ? {} : { scope: requireScopes(scope) }),
    });
    process.stdout.write(`${made}\n`);
  },
}) as CommandDef;

/** Refuses unknown scopes, which would have no effect. */
function requireScopes(value: string): string {
  const names = value.split(" ").filter((name) => name !== "");
  const known: readonly string[] = Object.values(scopes);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined && names.length > 0) return names.join(" ");
  const what =
    unknown === undefined ? "--scope names no scope" : `--scope: there is no ${JSON.stringify(unknown)}`;
  throw optionError("--scope", `${what}; there are ${known.join(", ")}`);
}
