import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testCertificate } from "./harness/certificate.ts";
import { type Child, projectPath, startChild } from "./harness/child.ts";
import { temporaryFolder } from "./harness/folder.ts";
import { backends } from "./harness/requirement.ts";
import { startPeerProgram } from "./peer/processes.ts";
import { bindPeer, roundTrip, startPeerRelay, testIdentities } from "./harness/peers.ts";
import { tokenFor } from "./harness/token.ts";

function samples(document = "README.md"): string[] {
  const text = readFileSync(projectPath(document), "utf8");
  return [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);
}

/** The examples in docstrings. */
function examples(): string[] {
  const sources = globSync(projectPath("src/**/*.ts")).map((file) => readFileSync(file, "utf8"));
  const blocks = [...sources.join("\n").matchAll(/^ +\* @example\n([^]*?)^ +\*\/$/gm)];
  return blocks.map(([, lines]) => lines!.replace(/^ +\* ?/gm, ""));
}

/** The README's accepting side, word for word but for the relay, which is the test's. */
function sample(relay: string, ca: string): string {
  const accepting = samples().find((code) => code.includes("for await (const connection of peer)"))!;
  const address = 'relay: "https://relay.example:4433",';
  expect(accepting).toContain(address);
  return accepting.replace(address, () => `relay: ${JSON.stringify(relay)}, relayCa: ${JSON.stringify(ca)},`);
}

/** A folder below the project, so that `quicpipe/peer` is the one that is tested. */
function makeFolder(): string {
  mkdirSync(projectPath("build"), { recursive: true });
  return temporaryFolder(projectPath("build"));
}

async function startSample(port: number, folder: string = makeFolder()): Promise<Child> {
  const file = join(folder, "accepter.ts");
  writeFileSync(file, sample(`https://127.0.0.1:${port}`, (await testCertificate()).certificate));
  const { alice } = await testIdentities();
  return startChild(process.execPath, [file], {
    cwd: folder,
    env: { TOKEN: await tokenFor("bob"), ALICE_PIN: alice.pin },
  });
}

describe("the README's accepting side", () => {
  it("serves several dialers at once, and goes on where one of them ends in the middle of a stream", async () => {
    const { port } = await startPeerRelay();
    const accepter = await startSample(port);
    const alice = await bindPeer(port, "alice");
    const first = await alice.dial("bob", { trust: "insecure" });
    const second = await alice.dial("bob", { trust: "insecure" });
    expect(await roundTrip(first, "one")).toBe("one");
    expect(await roundTrip(second, "two")).toBe("two");
    const { readable, writable } = await first.createBidirectionalStream();
    await writable.getWriter().write(Buffer.from("begun"));
    await readable.getReader().read();
    first.close();
    await first.closed;
    expect(await roundTrip(second, "three")).toBe("three");
    expect(await roundTrip(await alice.dial("bob", { trust: "insecure" }), "four")).toBe("four");
    expect(accepter.process.exitCode).toBeNull();
  });

  it("survives ten dialers that are killed in the middle of a stream, serves others meanwhile and tells of each", async () => {
    const { port } = await startPeerRelay();
    const accepter = await startSample(port);
    const alice = await bindPeer(port, "alice");
    const beside = await alice.dial("bob", { trust: "insecure" });
    const relayCa = (await testCertificate()).certificate;
    const env = { PINS: "insecure" };
    for (let i = 0; i < 10; i++) {
      const dialer = await startPeerProgram("streamer", { relay: `https://127.0.0.1:${port}`, relayCa, env });
      await dialer.prints(/streaming/);
      dialer.process.kill("SIGKILL");
      await dialer.exited;
      expect(await roundTrip(beside, "still here")).toBe("still here");
    }
    const gone = (): number => accepter.stdout().split("alice is gone: nothing came").length - 1;
    await expect.poll(gone, { timeout: 60_000, interval: 200 }).toBe(10);
    expect(accepter.process.exitCode).toBeNull();
    expect(await roundTrip(await alice.dial("bob", { trust: "insecure" }), "next")).toBe("next");
  });

  it("keeps an identity that its user alone can read, and prints the pin that a dialer needs", async () => {
    const { port } = await startPeerRelay();
    const folder = makeFolder();
    const before = await startSample(port, folder);
    const [, pin] = await before.prints(/^BOB_PIN=(\S+)$/m);
    before.process.kill();
    await before.exited;
    expect(statSync(join(folder, "bob.pem")).mode & 0o777).toBe(0o600);
    await startSample(port, folder);
    const alice = await bindPeer(port, "alice");
    expect(await roundTrip(await alice.dial("bob", { pin: pin! }), "hello")).toBe("hello");
  });
});

/** Starts the README's ordinary app, word for word but for the ports: any free ones. Returns it with its URL. */
async function startOrdinaryApp(backend: string): Promise<{ child: Child; url: string }> {
  const folder = makeFolder();
  const file = join(folder, "ordinary.ts");
  const code = samples().find((each) => each.includes("serve(app, { port: 3000 })"))!;
  writeFileSync(file, code.replace("quicpipe()", "quicpipe({ port: 0 })").replace("3000", "0"));
  // h3's server minds no signals under test.
  const env = { XDG_STATE_HOME: folder, NODE_ENV: "", TEST: "", CI: "", QUICPIPE_BACKEND: backend };
  const child = startChild(process.execPath, [file], { env });
  const [, url] = await child.prints(/(http:\/\/localhost:\d+)/);
  return { child, url: url! };
}

it.each(backends())(
  "a signal ends the README's ordinary app, whose relay a request opened: %s",
  async (backend) => {
    const { child, url } = await startOrdinaryApp(backend);
    expect((await fetch(`${url}/v1/stats`)).status).toBe(401);
    await child.prints(new RegExp(`relay on UDP .*backend ${backend}`));
    child.process.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  },
);

it.each([
  ["Node's types alone", ["esnext"]],
  ["the DOM's as well", ["esnext", "dom", "dom.iterable", "dom.asynciterable"]],
])(
  "the samples of README, docs/direct.md and docstrings compile in strict TypeScript, with %s",
  async (_, lib) => {
    const folder = makeFolder();
    const files = [...samples(), ...samples("docs/direct.md"), ...examples()].map((code, index) => {
      writeFileSync(join(folder, `sample-${index}.ts`), code);
      return `sample-${index}.ts`;
    });
    expect(files.length).toBeGreaterThan(5);
    // Without paths they see the types of the package, as a user does.
    const compilerOptions = { lib, paths: {}, noEmit: true, isolatedDeclarations: false, declaration: false };
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions,
      include: files,
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const child = startChild(process.execPath, [
      projectPath("node_modules/typescript/bin/tsc"),
      "-p",
      folder,
    ]);
    expect([await child.exited, child.stdout()]).toEqual([0, ""]);
  },
);
