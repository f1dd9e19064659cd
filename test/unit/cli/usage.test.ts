import { describe, expect, it } from "vitest";
import { formatUsage, usageOf } from "../../../src/cli/usage.ts";

const args = {
  name: { type: "positional", description: "Name of the peer" },
  relay: { type: "string", description: "The relay's URL", default: "https://[::1]:4433", valueHint: "url" },
  sub: { type: "string", required: true, description: "Name", valueHint: "alice" },
  auth: { type: "enum", options: ["none", "all"], description: "Who may use it" },
  json: { type: "boolean", description: "Print JSON" },
} as const;

describe("the help of a command", () => {
  it("has its words, options, values and defaults", () => {
    const { auth, ...others } = args;
    const usage = usageOf("dial", "Dial.", { ...others, auth: { ...auth, options: [...auth.options] } });
    expect(formatUsage(usage)).toBe(
      [
        "Dial.",
        "",
        "Usage: quicpipe dial [options] --sub <alice> NAME",
        "",
        "Arguments:",
        "  NAME",
        "      Name of the peer",
        "",
        "Options:",
        "  --relay <url>",
        "      The relay's URL (default: https://[::1]:4433)",
        "  --sub <alice>",
        "      Name",
        "  --json",
        "      Print JSON",
        "  --auth <none|all>",
        "      Who may use it",
        "",
      ].join("\n"),
    );
  });

  it("breaks lines between words at 80 columns, and no word", () => {
    const text = `${"word ".repeat(40)}${"x".repeat(90)} end`;
    const lines = formatUsage({
      description: text,
      synopsis: "quicpipe",
      lists: { Options: [["--a", text]] },
    });
    const words = lines.split("\n").flatMap((line) => line.trim().split(" "));
    expect(words.filter((word) => word === "word")).toHaveLength(80);
    const long = lines.split("\n").filter((line) => line.length > 80);
    expect(long.map((line) => line.trim())).toEqual(["x".repeat(90), "x".repeat(90)]);
  });
});
