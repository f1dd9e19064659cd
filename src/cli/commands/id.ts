import { defineCommand, type CommandDef } from "citty";
import { keptIdentity } from "../peer/identity.ts";

const args = {
  path: { type: "boolean", description: "Print where the identity is kept instead" },
} as const;

/** `quicpipe id`: makes this peer's identity once and prints its fingerprint. */
export const id = defineCommand({
  meta: {
    name: "id",
    description:
      "Print the fingerprint of this peer's certificate, the SHA-256 that others give as --pin; makes the certificate the first time",
  },
  args,
  async run({ args: { path } }) {
    const identity = await keptIdentity();
    process.stdout.write(`${path ? identity.path : identity.fingerprint}\n`);
  },
}) as CommandDef;
