import { describe, expect, it } from "vitest";
import { wrongArgument } from "../../../src/cli/wrong-argument.ts";

const known = {
  name: { type: "positional" },
  port: { type: "string" },
  auth: { type: "enum", options: ["none"] as string[] },
  json: { type: "boolean" },
} as const;

describe("what a command cannot take of its command line", () => {
  it.each([
    [[]],
    [["bob"]],
    [["--port", "1", "bob", "--json", "--auth=none"]],
    [["--no-json", "bob"]],
    [["--port", "-1"]],
    [["--port", ""]],
    [["--port=--json"]],
    [["--", "--bob"]],
  ])("is nothing in %j", (args) => {
    expect(wrongArgument(args, known)).toBeUndefined();
  });

  it.each([
    [["--prot", "1"], "has no option --prot (did you mean --port?)"],
    [["--prot=1"], "has no option --prot (did you mean --port?)"],
    [["--port", "1", "--port", "2"], "takes --port only once"],
    [["--auth=none", "--auth=none"], "takes --auth only once"],
    [["-p", "1"], "has no option -p"],
    [["--no-port"], "has no option --no-port"],
    [["--constructor", "1"], "has no option --constructor"],
    [["--name", "bob"], "has no option --name"],
    [["--port"], "needs a value for --port"],
    [["--port", "--json"], "needs a value for --port"],
    [["bob", "carol"], 'takes no further word "carol"'],
    [["bob", "--json", "carol"], 'takes no further word "carol"'],
    [["bob", "--", "--json"], 'takes no further word "--json"'],
  ])("is named in %j", (args, clause) => {
    expect(wrongArgument(args, known)).toBe(clause);
  });
});
