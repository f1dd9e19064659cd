import { type Certificate } from "../../../src/gateway/index.ts";
import { type Child, projectPath, startChild } from "../harness/child.ts";
import { testIdentities } from "../harness/peers.ts";
import { secret, tokenFor } from "../harness/token.ts";

/** Starts one of the programs of these tests, by a command that leads to it if one is given. */
function startProgram(name: string, env: NodeJS.ProcessEnv, prefix: readonly string[] = []): Child {
  const [command, ...args] = [
    ...prefix,
    process.execPath,
    projectPath(`test/integration/peer/programs/${name}.ts`),
  ];
  return startChild(command!, args, { env });
}

/** Starts a relay as a process of its own. */
export async function startRelayProgram(
  tls: Certificate,
  env: NodeJS.ProcessEnv = {},
): Promise<{ child: Child; port: number }> {
  const child = startProgram("relay", { SECRET: secret, KEY: tls.privateKey, CERT: tls.certificate, ...env });
  const [, port] = await child.prints(/listening on (\d+)/);
  return { child, port: Number(port) };
}

/** Where a peer's program finds its relay, and how it is started. */
export interface PeerSetting {
  readonly relay: string;
  readonly relayCa: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly prefix?: readonly string[];
}

/** Starts a peer as a process of its own: the one that dials is alice, the other is bob. */
export async function startPeerProgram(
  name: "accepter" | "dialer" | "receiver" | "sender" | "streamer",
  { relay, relayCa, env = {}, prefix }: PeerSetting,
): Promise<Child> {
  const ids = await testIdentities();
  const isDialing = name === "dialer" || name === "sender" || name === "streamer";
  const [own, other] = isDialing ? (["alice", "bob"] as const) : (["bob", "alice"] as const);
  const identity = { TOKEN: await tokenFor(own), IDENTITY: ids[own].pem, PINS: ids[other].pin };
  const child = startProgram(name, { RELAY: relay, RELAY_CA: relayCa, ...identity, ...env }, prefix);
  if (!isDialing) await child.prints(/listening/);
  return child;
}
