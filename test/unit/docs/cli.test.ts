import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandDef } from "citty";
import { describe, expect, it, onTestFinished } from "vitest";
import { accept } from "../../../src/cli/commands/accept.ts";
import { dial } from "../../../src/cli/commands/dial.ts";
import { doctor } from "../../../src/cli/commands/doctor.ts";
import { id } from "../../../src/cli/commands/id.ts";
import { netcheck } from "../../../src/cli/commands/netcheck.ts";
import { ping } from "../../../src/cli/commands/ping.ts";
import { relay } from "../../../src/cli/commands/relay.ts";
import { token } from "../../../src/cli/commands/token.ts";
import { top } from "../../../src/cli/commands/top.ts";
import { configKeys } from "../../../src/cli/relay/names.ts";
import { relayConfig } from "../../../src/cli/relay/config.ts";
import { resolveSettings } from "../../../src/plugin/options/settings.ts";
import { membersOf, rowsOf, section } from "./tables.ts";

const commands: Readonly<Record<string, CommandDef>> = {
  relay,
  token,
  id,
  accept,
  dial,
  ping,
  netcheck,
  top,
  doctor,
};

function optionsOf(command: CommandDef): string[] {
  const options = Object.entries(command.args as Record<string, { type: string }>);
  return options.filter(([, { type }]) => type !== "positional").map(([name]) => `--${name}`);
}

const cli = readFileSync("docs/cli.md", "utf8");

describe("docs/cli.md", () => {
  it("has a row for every option of quicpipe relay and for no other", () => {
    expect(rowsOf(section("cli", "## `relay`")).toSorted()).toEqual(optionsOf(relay).toSorted());
  });

  it("names each option of quicpipe relay in the config file", () => {
    const rows = section("cli", "## `relay`")
      .split("\n")
      .filter((line) => line.startsWith("| `--"));
    const named = rows.flatMap((row) => {
      const cells = row.split("|");
      const [flags, keys] = [cells[1]!, cells.at(-2)!].map((cell) =>
        [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
      );
      return flags!.map((flag, index) => [flag.slice("--".length), keys![index]]);
    });
    expect(Object.fromEntries(named)).toEqual({ ...configKeys, config: undefined, check: undefined });
  });

  it.each(Object.keys(commands))("has a row for every option of quicpipe %s", (name) => {
    const rows = new Set(rowsOf(cli).map((row) => row.split(" ").at(-1)!));
    expect(optionsOf(commands[name]!).filter((option) => !rows.has(option))).toEqual([]);
  });

  it("has a config file that quicpipe relay takes", () => {
    const [, example] = /```json\n([^]*?)```/.exec(section("cli", "## The config file"))!;
    const folder = mkdtempSync(join(tmpdir(), "quicpipe-config-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const config = join(folder, "relay.json");
    writeFileSync(config, example!);
    const { options, tls } = relayConfig({ config }, true);
    expect(tls).toBeDefined();
    expect(resolveSettings(options, { NODE_ENV: "production" }).port).toBe(options.port);
  });

  it("has a row for every environment variable that the source reads", () => {
    const source = globSync("src/**/*.{ts,c}").map((path) => readFileSync(path, "utf8"));
    const read = source.flatMap((text) => [
      ...[...text.matchAll(/process\.env\["(\w+)"\]/g)].map(([, name]) => name!),
      ...[...text.matchAll(/\{ (\w+)[^{}]*\} = process\.env/g)].map(([, name]) => name!),
      ...(text.includes("homedir()") ? ["HOME"] : []),
      ...(text.includes("debuglog(") ? ["NODE_DEBUG"] : []),
    ]);
    expect(source.join("")).not.toContain("getenv");
    const names = new Set([...read, ...membersOf("src/plugin/options/settings.ts", "Environment")]);
    expect(rowsOf(section("cli", "## Environment variables")).toSorted()).toEqual([...names].toSorted());
  });
});

/** The commands that a document shows, each with its options: in blocks of shell, and in backticks. */
function commandsIn(text: string): { readonly name: string; readonly options: readonly string[] }[] {
  const code = [...text.matchAll(/```sh\n([^]*?)```|(?<!`)`([^`\n]+)`/g)].map(
    ([, block, span]) => block ?? span,
  );
  const shown = [...code.join("\n").matchAll(/(?:^|[|(]|npx )\s*quicpipe ([a-z]+)\b([^#|)\n]*)/gm)];
  return shown.map(([, name, rest]) => ({
    name: name!,
    options: [...rest!.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([option]) => option),
  }));
}

const pages = ["README.md", "SECURITY.md", "CONTRIBUTING.md", ...globSync("docs/*.md")];

describe("the commands in the documents", () => {
  it("are found", () => {
    const text =
      "`quicpipe dial bob --as x`\n```sh\nquicpipe ping bob --count 5   # as often\n```\nquicpipe is no command\n";
    expect(commandsIn(text)).toEqual([
      { name: "dial", options: ["--as"] },
      { name: "ping", options: ["--count"] },
    ]);
    expect(pages.flatMap((page) => commandsIn(readFileSync(page, "utf8"))).length).toBeGreaterThan(40);
  });

  it.each(pages)("exist, and have the options that they are shown with: %s", (page) => {
    const wrong = commandsIn(readFileSync(page, "utf8")).flatMap(({ name, options }) => {
      if (["help", "version"].includes(name)) return [];
      const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
      if (!command) return [`quicpipe ${name}`];
      const known = new Set([...optionsOf(command), "--help"]);
      return options.filter((option) => !known.has(option)).map((option) => `quicpipe ${name} ${option}`);
    });
    expect(wrong).toEqual([]);
  });
});
