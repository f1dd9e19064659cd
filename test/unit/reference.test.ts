import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandDef } from "citty";
import { describe, expect, it, onTestFinished } from "vitest";
import { accept } from "../../src/cli/commands/accept.ts";
import { dial } from "../../src/cli/commands/dial.ts";
import { doctor } from "../../src/cli/commands/doctor.ts";
import { id } from "../../src/cli/commands/id.ts";
import { relay } from "../../src/cli/commands/relay.ts";
import { token } from "../../src/cli/commands/token.ts";
import { top } from "../../src/cli/commands/top.ts";
import { relayConfig } from "../../src/cli/relay/config.ts";
import { resolveSettings } from "../../src/plugin/options/settings.ts";

type TypeName = readonly [file: string, name: string];

const keyPair: TypeName = ["src/files/pem.ts", "KeyPair"];
const trust: TypeName = ["src/peer/trust/trust.ts", "TrustOptions"];
const relayOptions = "src/plugin/options/options.ts";
const authOptions = "src/plugin/options/auth.ts";

/** Each table of options: its page, the heading above it, what its names begin with, and the types that it has rows for. */
const tables: readonly (readonly [page: string, heading: string, prefix: string, types: TypeName[]])[] = [
  ["options", "# Options of `quicpipe()`", "", [[relayOptions, "QuicpipeOptions"]]],
  ["options", "## `forwarder`", "forwarder.", [[relayOptions, "ForwarderTuningOptions"]]],
  ["options", "## `xdp`", "xdp.", [["src/xdp/contract.ts", "XdpInterfaceOptions"]]],
  ["options", "## `limits`", "limits.", [["src/plugin/options/limits.ts", "LimitOptions"]]],
  ["tokens", "## Tokens of an issuer", "auth.", [[authOptions, "TokenAuthOptions"]]],
  ["tokens", "## A function of the app", "", [[authOptions, "AuthorizedPeer"]]],
  ["peer", "## `Peer.bind(options)`", "", [["src/peer/options.ts", "PeerOptions"]]],
  ["peer", "## `peer.dial(target, options)`", "", [["src/peer/dialing.ts", "DialOptions"], trust]],
  ["peer", "## `peer.accept(packets, options)`", "", [["src/peer/accepting.ts", "AcceptOptions"], trust]],
  ["gateway", "## `serve(app, options)`", "", [["src/gateway/serve.ts", "ServeOptions"]]],
  [
    "gateway",
    "## `serveHttp3(app, options)`",
    "",
    [["src/gateway/http3/server.ts", "Http3GatewayOptions"], keyPair],
  ],
  [
    "gateway",
    "## `serveHttp2(app, options)`",
    "",
    [["src/gateway/tcp/server.ts", "Http2GatewayOptions"], keyPair],
  ],
  ["gateway", "## `new Budget(limits)`", "", [["src/gateway/budget/limits.ts", "BudgetLimits"]]],
];

/** The text of a page below a heading, up to the next one of the same level. */
function section(page: string, heading: string): string {
  const [, text] = readFileSync(`docs/${page}.md`, "utf8").split(`${heading}\n`);
  expect(text, `${page}: ${heading}`).toBeDefined();
  return /^(?:(?!## ).*\n?)*/.exec(text!)![0];
}

/** The names in the first cells of a section's table. */
function rowsOf(text: string): string[] {
  return [...text.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

function membersOf(file: string, name: string): string[] {
  const pattern = new RegExp(`export interface ${name}\\b[^{]*\\{([^]*?)\\n\\}`);
  const [, text] = pattern.exec(readFileSync(file, "utf8")) ?? [];
  expect(text, `${file}: ${name}`).toBeDefined();
  return [...text!.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member]) => member!);
}

const commands: Readonly<Record<string, CommandDef>> = { relay, token, id, accept, dial, top, doctor };

function optionsOf(command: CommandDef): string[] {
  const options = Object.entries(command.args as Record<string, { type: string }>);
  return options.filter(([, { type }]) => type !== "positional").map(([name]) => `--${name}`);
}

const cli = readFileSync("docs/cli.md", "utf8");

describe("the reference of options", () => {
  it.each(tables)("has a row for every option and for no other: %s, %s", (page, heading, prefix, types) => {
    const members = types.flatMap(([file, name]) => membersOf(file, name).map((member) => prefix + member));
    expect(members.length).toBeGreaterThan(2);
    expect(rowsOf(section(page, heading)).toSorted()).toEqual(members.toSorted());
  });
});

describe("docs/cli.md", () => {
  it("has a row for every option of quicpipe relay and for no other", () => {
    expect(rowsOf(section("cli", "## `relay`")).toSorted()).toEqual(optionsOf(relay).toSorted());
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
