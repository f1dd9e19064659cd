import { randomBytes } from "node:crypto";
import { createIdentity, type DirectPolicy } from "../../../src/peer/index.ts";
import type { Child } from "../machine/child.ts";
import { nodeCommand } from "../native/program.ts";
import type { PeerSetting } from "../peers.ts";
import { signToken } from "../token.ts";
import { shareFile } from "../workload.ts";
import { Internet, type InternetKind, relayAddress } from "./internet.ts";
import type { Place } from "./wire.ts";

/** Two peers, each a process at its place: Alice dials Bob. */
export interface PathPair {
  readonly alice: Child;
  readonly bob: Child;
}

interface RelayInfo {
  readonly port: number;
  readonly certificate: string;
  readonly secret: string;
}

/** A native relay, and peers that may leave it. */
export class PathLab implements AsyncDisposable {
  readonly internet: Internet;
  readonly relay: Child;
  readonly info: RelayInfo;
  /** Content of the file that peers send. */
  readonly content: Buffer = randomBytes(8 << 20);
  readonly #stack: AsyncDisposableStack;
  readonly #file: string;

  private constructor(internet: Internet, relay: Child, info: RelayInfo, stack: AsyncDisposableStack) {
    this.internet = internet;
    this.relay = relay;
    this.info = info;
    this.#stack = stack;
    this.#file = this.share(this.content);
  }

  static async open(kind: InternetKind): Promise<PathLab> {
    const stack = new AsyncDisposableStack();
    const internet = stack.use(await Internet.open(kind));
    const relay = internet.relay.start(nodeCommand("subjects/peer-relay.ts", relayAddress));
    return new PathLab(internet, relay, JSON.parse(await relay.hear()), stack);
  }

  /** Writes a file that lasts as long as the laboratory. */
  share(content: Uint8Array | string): string {
    return this.#stack.use(shareFile(content)).path;
  }

  /** Starts two peers with this policy, as processes of `script`. They are not connected yet. */
  async start(direct: DirectPolicy, script = "subjects/path-peer.ts"): Promise<PathPair> {
    const names = { alice: `alice-${direct}`, bob: `bob-${direct}` };
    const [alice, bob] = await Promise.all(Object.values(names).map((name) => createIdentity({ name })));
    const identities = { alice: alice!, bob: bob! };
    const start = async (place: Place, other: Place): Promise<Child> => {
      const setting: PeerSetting = {
        relay: `https://${relayAddress}:${this.info.port}`,
        relayCa: this.info.certificate,
        token: await signToken(this.info.secret, names[place]),
        identity: identities[place].pem,
        other: names[other],
        pin: identities[other].pin,
        file: this.#file,
        keepaliveMs: 15_000,
        direct,
      };
      const role = place === "alice" ? "dialer" : "accepter";
      const [node, ...command] = nodeCommand(script, role, this.share(JSON.stringify(setting)));
      const child = this.internet.hosts[place].start([node!, "--expose-gc", ...command]);
      await child.hear();
      return child;
    };
    return { bob: await start("bob", "alice"), alice: await start("alice", "bob") };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Connects anew, and returns the ms from the dial until the connection was ready. */
export async function connect({ alice, bob }: PathPair): Promise<number> {
  const [ms] = await Promise.all([alice.ask("dial"), bob.ask("accept")]);
  return Number(ms);
}

/** Waits until both peers take the direct path, and returns the ms from ready until then, as Alice saw it. */
export async function goDirect({ alice, bob }: PathPair): Promise<number> {
  const [ms] = await Promise.all([alice.ask("direct"), bob.ask("direct")]);
  return Number(ms);
}
