import { chmodSync, chownSync, cpSync, globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { createCertificate } from "../../../../src/gateway/index.ts";
import { certificateFiles } from "../../harness/certificate.ts";
import { type Child, projectPath } from "../../harness/child.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";
import type { Network } from "./network.ts";

/** The `quicpipe` command in the places of a network, as one person would run it on machines that share its home. */
export interface Commands {
  /** Starts a relay at the relay's address, and waits until it listens. */
  relay(options: readonly string[], env?: NodeJS.ProcessEnv): Promise<Child>;
  /** The same with a config file. */
  relayWith(config: object, env?: NodeJS.ProcessEnv): Promise<Child>;
  /** The same as an ordinary user of the system. */
  ordinaryRelay(options: readonly string[]): Promise<Child>;
  /** Starts bob, who waits for a call, and alice, who calls. */
  peers(): Promise<{ alice: Child; bob: Child }>;
  /** Sends a request of an administrator to the relay, from the relay's own place; resolves with the JSON of its answer. */
  ask<Answer>(method: string, path: string): Promise<Answer>;
  /** Sends a request from there without a token; resolves with the text of the answer. */
  fetch(url: string): Promise<string>;
}

const cli = projectPath("src/cli/main.ts");
const request = `
  const [url, method = "GET", token] = process.argv.slice(1);
  const headers = token ? { authorization: "Bearer " + token } : {};
  console.log(await (await fetch(url, { method, headers })).text());
`;
const nobody = 65_534;
const asNobody = ["--reuid", String(nobody), "--regid", String(nobody), "--clear-groups"];

/** Prepares certificate and home for a relay that peers reach over one IP version. */
export async function createCommands(network: Network, family: "ipv4" | "ipv6"): Promise<Commands> {
  const host = network.addresses.relay[family];
  const tls = await createCertificate({ name: "relay", hosts: [host, "relay.test"] });
  const { folder: home, cert, key } = certificateFiles(tls);
  const env = { XDG_STATE_HOME: home, NODE_ENV: "" };
  const serve = ["relay", "--host", host, "--cert", cert, "--key", key];
  const start = (where: Namespace, ...args: string[]): Child =>
    where.start(process.execPath, [cli, ...args], env);
  const url = family === "ipv6" ? `https://[${host}]:4433` : `https://${host}:4433`;
  const send = async (...args: string[]): Promise<string> => {
    const command = ["--input-type=module", "--eval", request, ...args];
    const asked = network.relay.start(process.execPath, command, { ...env, NODE_EXTRA_CA_CERTS: cert });
    expect(await asked.exited, asked.stderr()).toBe(0);
    return asked.stdout().trim();
  };
  const commands: Commands = {
    relay: (options, more) =>
      listening(network.relay.start(process.execPath, [cli, ...serve, ...options], { ...env, ...more })),
    relayWith(config, more) {
      const file = join(home, "config.json");
      writeFileSync(file, JSON.stringify(config));
      return commands.relay(["--config", file], more);
    },
    async ordinaryRelay(options) {
      // A state folder is one user's alone, so it has its own, with the development key that the peers' tokens are made with.
      await start(network.relay, "token", "--sub", "alice").exited;
      chmodSync(home, 0o711);
      const state = join(home, "ordinary");
      cpSync(join(home, "quicpipe"), join(state, "quicpipe"), { recursive: true });
      for (const path of globSync([state, `${state}/**`])) chownSync(path, nobody, nobody);
      chmodSync(join(state, "quicpipe"), 0o700);
      const command = [...asNobody, process.execPath, cli, ...serve, ...options];
      return listening(network.relay.start("setpriv", command, { ...env, XDG_STATE_HOME: state }));
    },
    async peers() {
      const [pin] = await start(network.relay, "id").prints(/^sha256\/[\w+/]{43}=$/m);
      // The relay is what is tested, and these peers reach each other.
      const common = ["--relay", url, "--relay-ca", cert, "--pin", pin, "--direct", "never"];
      const bob = start(network.bob, "accept", "--as", "bob", ...common);
      await bob.prints(/waiting/);
      return { alice: start(network.alice, "dial", "bob", "--as", "alice", ...common), bob };
    },
    async ask(method, path) {
      const made = start(network.relay, "token", "--sub", "admin", "--scope", "relay:admin");
      const [token] = await made.prints(/^[\w-]+\.[\w-]+\.[\w-]+$/m);
      return JSON.parse((await send(url + path, method, token!)) || "null");
    },
    fetch: (other) => send(other),
  };
  return commands;
}

async function listening(relay: Child): Promise<Child> {
  await relay.prints(/relay on UDP/);
  return relay;
}
