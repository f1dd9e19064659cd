import { defineCommand, type CommandDef } from "citty";
import { keptIdentity } from "../peer/identity.ts";

const args = {
  path: { type: "boolean", description: "Print where the identity is kept instead" },
} as const;

/** `quicpipe id`: makes this peer's identity once and prints the pin of its key. */
export const id = defineCommand({
  meta: {
    name: "id",
    description: "Print the pin of this peer's key, which others give as --pin; makes the key the first time",
  },
  args,
  async run({ args: { path } }) {
    const identity = await keptIdentity();
    process.stdout.write(`${path ? identity.path : identity.pin}\n`);
  },
}) as CommandDef;
