import { chmodSync, existsSync, globSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Child, projectPath, startChild } from "../harness/child.ts";
import { itWith } from "../harness/requirement.ts";
import { packOnce, run, unpack } from "./packed.ts";

packOnce();

/** Which backend a relay of the installed package runs, and why. */
async function backendOf(folder: string): Promise<unknown> {
  writeFileSync(
    join(folder, "backend.js"),
    `import { quicpipe } from "quicpipe";
     const relay = quicpipe({
       host: "127.0.0.1", port: 0, auth: "none", logger: false, forwarder: { backend: "auto" },
     });
     await relay.listen();
     const { backend, backendReason } = relay.stats();
     await relay.close();
     console.log(JSON.stringify({ backend, backendReason }));`,
  );
  return JSON.parse(await run(process.execPath, ["backend.js"], folder));
}

/** Makes a library look as if it were for the processor of a mainframe. */
function otherProcessor(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt16LE(22, 18);
  writeFileSync(path, bytes);
}

/** Has a library ask for a C library that no system has. */
function misnameLibc(path: string): void {
  const bytes = readFileSync(path);
  bytes.write("libc.so.7", bytes.indexOf("\0libc.so.6\0") + 1);
  writeFileSync(path, bytes);
}

/** The TypeScript blocks of the README, which a reader will copy. */
function readmeExamples(): string[] {
  const readme = readFileSync(projectPath("README.md"), "utf8");
  return [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);
}

/** A compiler on a busy machine. */
const compileMs = 180_000;

describe("the packed package", () => {
  it("holds what it exports, types included, and the README's examples compile against it", async () => {
    const folder = await unpack();
    const examples = readmeExamples();
    expect(examples.length).toBeGreaterThanOrEqual(2);
    examples.forEach((code, index) => writeFileSync(join(folder, `example-${index}.ts`), code));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "es2024",
          module: "nodenext",
          lib: ["es2024", "esnext.disposable", "dom.asynciterable"],
          types: ["node"],
          strict: true,
          noEmit: true,
          skipLibCheck: true,
        },
      }),
    );
    await run("tsc", ["-p", folder], folder);
    writeFileSync(
      join(folder, "import.js"),
      `const names = {};
       for (const path of ["quicpipe", "quicpipe/peer", "quicpipe/gateway"]) names[path] = Object.keys(await import(path)).sort();
       console.log(JSON.stringify(names));`,
    );
    const names = JSON.parse(await run(process.execPath, ["import.js"], folder)) as Record<string, string[]>;
    expect(names["quicpipe"]).toEqual(
      expect.arrayContaining(["QuicpipeError", "mintDevelopmentToken", "quicpipe"]),
    );
    expect(names["quicpipe/peer"]).toEqual(expect.arrayContaining(["Peer", "createIdentity"]));
    expect(names["quicpipe/gateway"]).toEqual(expect.arrayContaining(["serveHttp3"]));
  });

  it("holds every file that its documents link to", async () => {
    const root = join(await unpack(), "node_modules/quicpipe");
    const documents = globSync("**/*.md", { cwd: root });
    expect(documents).toEqual(expect.arrayContaining(["README.md", "SECURITY.md", "docs/cli.md"]));
    const links = documents.flatMap((document) =>
      [...readFileSync(join(root, document), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(
        ([, path]) => [document, path!] as const,
      ),
    );
    const dead = links.filter(([document, path]) => !existsSync(join(root, dirname(document), path)));
    expect(links.length).toBeGreaterThan(50);
    expect(dead).toEqual([]);
  });

  it("brings a command that runs", async () => {
    const folder = await unpack();
    const { version } = JSON.parse(readFileSync(projectPath("package.json"), "utf8")) as { version: string };
    const command = "node_modules/quicpipe/dist/cli/main.js";
    expect((await run(process.execPath, [command, "--version"], folder)).trim()).toBe(version);
  });

  it("names all packages together that a relay or a peer lacks", async () => {
    const folder = await unpack("h3", "@currentspace", "@peculiar");
    const main = "node_modules/quicpipe/dist/cli/main.js";
    const cases = [
      [["relay", "--auth", "none"], "h3 @currentspace/http3 @peculiar/x509"],
      [["accept", "--as", "bob", "--insecure"], "@peculiar/x509"],
    ] as const;
    for (const [args, names] of cases) {
      const env = { XDG_STATE_HOME: folder, NODE_ENV: "" };
      chmodSync(folder, 0o700);
      const child = startChild(process.execPath, [main, ...args], { cwd: folder, env });
      expect([await child.exited, child.stderr()]).toEqual([
        1,
        expect.stringMatching(
          new RegExp(`run \`npm install ${names}\`.*\\(ERR_QUICPIPE_DEPENDENCY_MISSING\\)`),
        ),
      ]);
    }
  });

  it.each([
    [
      "says in `accept` how to build the QUIC engine, without which there is no peer",
      ["accept", "--as", "bob", "--insecure"],
      /a peer's QUIC engine for \S+ is not installed: .*build-engine\.mjs` \(ERR_QUICPIPE_ADDON_MISSING/,
    ],
    [
      "asks over TCP in `top` without the QUIC engine",
      ["top", "--once"],
      /without the QUIC engine there is no HTTP\/3.*ERR_QUICPIPE_RELAY_UNREACHABLE/,
    ],
  ] as const)("%s", async (_what, command, expected) => {
    const folder = await unpack("@currentspace");
    rmSync(join(folder, "node_modules/quicpipe/prebuilds"), { recursive: true, force: true });
    const main = "node_modules/quicpipe/dist/cli/main.js";
    const env = { XDG_STATE_HOME: folder, NODE_ENV: "" };
    chmodSync(folder, 0o700);
    const args = [main, ...command, "--relay", "https://127.0.0.1:1"];
    const child = startChild(process.execPath, args, { cwd: folder, env });
    expect([await child.exited, child.stderr()]).toEqual([1, expect.stringMatching(expected)]);
  });

  it("brings a command that has V8 keep little memory that is not in use", async () => {
    const folder = await unpack();
    const command = join(folder, "node_modules/quicpipe/dist/cli/main.js");
    // As npm does where it installs one.
    chmodSync(command, 0o755);
    const env = { NODE_OPTIONS: "--import=data:text/javascript,console.log(process.execArgv.join())" };
    const child = startChild(command, ["--version"], { cwd: folder, env });
    expect(await child.exited, child.stderr()).toBe(0);
    expect(child.stdout()).toMatch(/^--max-semi-space-size=8,--heap-growing-percent=20\n/);
  });

  it("runs without the addon, on the portable backend, and says why", async () => {
    const folder = await unpack();
    rmSync(join(folder, "node_modules/quicpipe/prebuilds"), { recursive: true, force: true });
    expect(await backendOf(folder)).toEqual({
      backend: "dgram",
      backendReason: "no native addon; see `quicpipe doctor`",
    });
  });

  it("refuses to run without the addon where that is asked for", async () => {
    const folder = await unpack();
    rmSync(join(folder, "node_modules/quicpipe/prebuilds"), { recursive: true, force: true });
    const command = ["node_modules/quicpipe/dist/cli/main.js", "relay", "--auth", "none", "--port", "0"];
    const env = { QUICPIPE_BACKEND: "native", XDG_STATE_HOME: folder };
    const relay = startChild(process.execPath, command, { cwd: folder, env });
    expect(await relay.exited).toBe(1);
    expect(relay.stderr()).toMatch(
      /native backend cannot run: the native addon for \S+ is not installed: .*ERR_QUICPIPE_BACKEND_UNAVAILABLE/,
    );
  });

  itWith("native").each([
    ["is cut off", (path: string) => truncateSync(path, 5000), /it is cut off: 5000 of \d+ bytes/],
    ["is of another processor", otherProcessor, /it is for s390x, and this Node for/],
    ["lacks what it is linked with", misnameLibc, /libc\.so\.7: cannot open shared object file/],
  ] as const)("tells an addon that %s from a missing one", async (_what, spoil, fault) => {
    const folder = await unpack();
    chmodSync(folder, 0o700);
    for (const file of globSync("node_modules/quicpipe/prebuilds/*/*.node", { cwd: folder }))
      spoil(join(folder, file));
    const main = "node_modules/quicpipe/dist/cli/main.js";
    const start = (...args: string[]): Child =>
      startChild(process.execPath, [main, ...args], { cwd: folder, env: { XDG_STATE_HOME: folder } });
    const accepter = start("accept", "--as", "bob", "--insecure", "--relay", "https://127.0.0.1:1");
    expect([await accepter.exited, accepter.stderr()]).toEqual([1, expect.stringMatching(fault)]);
    expect(accepter.stderr()).toMatch(/build-engine\.mjs` \(ERR_QUICPIPE_ADDON_UNUSABLE/);
    const relay = start("relay", "--auth", "none", "--port", "0", "--backend", "native");
    expect([await relay.exited, relay.stderr()]).toEqual([1, expect.stringMatching(fault)]);
    expect(relay.stderr()).toMatch(/ERR_QUICPIPE_BACKEND_UNAVAILABLE/);
    expect(await backendOf(folder)).toEqual({
      backend: "dgram",
      backendReason: "the native addon does not load; see `quicpipe doctor`",
    });
  });

  itWith("native")(
    "holds the sources of the addon, which build where it is installed",
    { timeout: compileMs },
    async () => {
      const folder = await unpack();
      await run(
        process.execPath,
        [projectPath("scripts/build-native.mjs")],
        join(folder, "node_modules/quicpipe"),
      );
      expect(await backendOf(folder)).toMatchObject({ backend: "native" });
    },
  );
});
