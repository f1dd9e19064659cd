/** The README's programs as they are there, together in a network of their own, where its names and ports are theirs. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { expect } from "vitest";
import { createCertificate } from "../../src/gateway/index.ts";
import { type Child, projectPath } from "./harness/child.ts";
import { temporaryFolder } from "./harness/folder.ts";
import { Namespace } from "./harness/network/namespaces.ts";
import { itWith } from "./harness/requirement.ts";
import { unsignedToken } from "./harness/token.ts";

const names = ["relay.example", "issuer.example"];

/** Returns the README's sample with this text. */
function sample(text: string): string {
  const readme = readFileSync(projectPath("README.md"), "utf8");
  const all = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);
  return all.find((code) => code.includes(text))!;
}

const bob = sample("for await (const connection of peer)");
const alice = sample('peer.dial("bob"');

/** A machine of the test's own, with a folder for programs, whose certificate the programs trust. */
class Machine {
  readonly #network = new Namespace("readme");
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<Machine> {
    // Below the project, so that `quicpipe` is the one that is tested.
    mkdirSync(projectPath("build"), { recursive: true });
    const machine = new Machine(temporaryFolder(projectPath("build")));
    const { certificate, privateKey } = await createCertificate({ name: "test", hosts: names });
    machine.write("cert.pem", certificate);
    machine.write("key.pem", privateKey);
    machine.write("hosts", ["localhost", ...names].map((name) => `127.0.0.1 ${name}\n`).join(""));
    return machine;
  }

  write(file: string, text: string): string {
    const path = join(this.#folder, file);
    writeFileSync(path, text);
    return path;
  }

  /** Starts a program in its folder. */
  start(file: string, code: string, env: NodeJS.ProcessEnv = {}): Child {
    this.write(file, code);
    return this.run([file], env);
  }

  /** Runs Node in the folder. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
    const script = `mount --bind hosts /etc/hosts && exec "$0" "$@"`;
    const command = ["--mount", `--wd=${this.#folder}`, "sh", "-c", script, process.execPath, ...args];
    return this.#network.start("unshare", command, {
      NODE_EXTRA_CA_CERTS: join(this.#folder, "cert.pem"),
      XDG_STATE_HOME: this.#folder,
      NODE_ENV: "",
      // h3's server minds no signals under test.
      TEST: "",
      CI: "",
      ...env,
    });
  }

  /** Publishes a key at the README's issuer. Returns what signs tokens with it. */
  async startIssuer(): Promise<(sub: string) => Promise<string>> {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" }] };
    const issuer = this.start(
      "issuer.mjs",
      `import { readFileSync } from "node:fs";
       import { createServer } from "node:https";
       const tls = { key: readFileSync("key.pem"), cert: readFileSync("cert.pem") };
       createServer(tls, (request, response) =>
         request.url === "/.well-known/jwks.json" ? response.end(${JSON.stringify(JSON.stringify(keySet))}) : response.writeHead(404).end(),
       ).listen(443, "127.0.0.1", () => console.log("published"));`,
    );
    await issuer.prints(/published/);
    return (sub) =>
      unsignedToken({ sub, aud: "quicpipe" }).setProtectedHeader({ alg: "ES256", kid: "1" }).sign(privateKey);
  }
}

/** Starts both peers twice, as the first start of each ends for want of the other's pin. Returns what alice printed then. */
async function talk(
  machine: Machine,
  tokens: Record<"alice" | "bob", string>,
  relay?: string,
): Promise<string> {
  const at = (code: string): string => (relay ? code.replace("https://relay.example:4433", relay) : code);
  const start = (name: "alice" | "bob", code: string, pins: NodeJS.ProcessEnv = {}): Child =>
    machine.start(`${name}.ts`, at(code), { TOKEN: tokens[name], ...pins });
  const [first, second] = [start("alice", alice), start("bob", bob)];
  const [, ALICE_PIN] = await first.prints(/^ALICE_PIN=(\S+)$/m);
  const [, BOB_PIN] = await second.prints(/^BOB_PIN=(\S+)$/m);
  expect([await first.exited, await second.exited]).toEqual([1, 1]);
  start("bob", bob, { ALICE_PIN });
  const dialer = start("alice", alice, { BOB_PIN });
  expect([await dialer.exited, dialer.stderr()]).toEqual([0, ""]);
  return dialer.stdout();
}

itWith("netns")("the README's gateway and peers work together, word for word", async () => {
  const machine = await Machine.create();
  const sign = await machine.startIssuer();
  const gateway = machine.start("gateway.ts", sample('from "quicpipe/gateway"'));
  await gateway.prints(/relay on UDP/);
  const tokens = { alice: await sign("alice"), bob: await sign("bob") };
  expect(await talk(machine, tokens)).toMatch(/^ALICE_PIN=\S+\nhello\n$/);
  gateway.process.kill("SIGTERM");
  expect([await gateway.exited, gateway.stderr()]).toEqual([0, expect.any(String)]);
});

itWith("netns")("two peers talk over the README's ordinary app, with nothing else said", async () => {
  const machine = await Machine.create();
  const app = machine.start("ordinary.ts", sample("serve(app, { port: 3000 })"));
  await app.prints(/http:\/\/localhost:3000/);
  const token = async (sub: string): Promise<string> => {
    const child = machine.run([projectPath("dist/cli/main.js"), "token", "--sub", sub]);
    expect(await child.exited).toBe(0);
    return child.stdout().trim();
  };
  const tokens = { alice: await token("alice"), bob: await token("bob") };
  expect(await talk(machine, tokens, "http://localhost:3000")).toMatch(/hello\n$/);
  expect(app.stdout() + app.stderr()).toMatch(/relay on UDP \[::\]:4433/);
});
