import { defineCommand, type CommandDef } from "citty";
import { mintDevelopmentToken } from "../plugin/index.ts";
import { requireNumber } from "./arguments.ts";

const args = {
  sub: { type: "string", required: true, description: "Name of the peer", valueHint: "alice" },
  scope: {
    type: "string",
    description: "Scopes, separated by spaces (default: register, send and receive)",
    valueHint: "relay:register mailbox:send",
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
    const ttlSeconds = requireNumber("--ttl", ttl);
    process.stdout.write(`${await mintDevelopmentToken({ sub, ttlSeconds, ...(scope ? { scope } : {}) })}\n`);
  },
}) as CommandDef;
