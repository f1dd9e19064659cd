import { defineCommand, type CommandDef } from "citty";
import { diagnose } from "../../forwarder/index.ts";
import { formatFinding } from "../finding-text.ts";

const args = {
  json: { type: "boolean", description: "Print the findings as JSON" },
} as const;

/** `quicpipe doctor`: reports whether the kernel could forward for a relay here; exits with 1 if not. */
export const doctor = defineCommand({
  meta: {
    name: "doctor",
    description:
      "Tell where a relay on this machine could forward in the kernel (XDP), and what would make it better; changes nothing, and exits with 1 if all packets would stay in user space",
  },
  args,
  run({ args: { json } }) {
    const findings = diagnose();
    process.stdout.write(
      json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(formatFinding).join(""),
    );
    return findings.at(-1)?.level === "problem" ? 1 : 0;
  },
}) as CommandDef;
