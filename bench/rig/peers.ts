import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createIdentity, type DirectPolicy, type Identity } from "../../src/peer/index.ts";
import { StunClient } from "../../src/peer/relay/stun-client.ts";
import { type Child, startChild } from "./machine/child.ts";
import { buildRustPeer, nodeCommand } from "./native/program.ts";
import { signToken } from "./token.ts";
import { shareFile } from "./workload.ts";

/** What a process of `subjects/peer.ts` is told. */
export interface PeerSetting {
  readonly relay: string;
  readonly relayCa: string;
  readonly token: string;
  /** Its certificate and key, PEM. */
  readonly identity: string;
  /** Name and pin of the other one. */
  readonly other: string;
  readonly pin: string;
  /** File whose bytes it sends. */
  readonly file: string;
  readonly keepaliveMs: number;
  /** Unless it is the default. */
  readonly direct?: DirectPolicy;
}

/** What peers run on: the package as it is, the package with the engine that it had before, or the engine without JavaScript. */
export type PeerKind = "peer" | "quiche" | "rust";

/** Two peers that are connected through the relay, each a process of its own. */
export interface PeerPair {
  readonly kind: PeerKind;
  readonly dialer: Child;
  readonly accepter: Child;
}

const roles = ["accepter", "dialer"] as const;
type Role = (typeof roles)[number];

interface RelayInfo {
  readonly port: number;
  readonly certificate: string;
  readonly secret: string;
}

/** As `CIDS` in the peer in Rust. */
const rustCids = 200;

/** A relay on the native backend, and peers that use it. */
export class PeerLab implements AsyncDisposable {
  readonly info: RelayInfo;
  /** Content of the file that peers send. */
  readonly content: Buffer = randomBytes(8 << 20);
  readonly identities: Readonly<Record<Role, Identity>>;
  readonly #relay: Child;
  readonly #stack: AsyncDisposableStack;
  readonly #file: string;

  private constructor(
    relay: Child,
    stack: AsyncDisposableStack,
    info: RelayInfo,
    identities: Readonly<Record<Role, Identity>>,
  ) {
    this.#relay = relay;
    this.#stack = stack;
    this.info = info;
    this.identities = identities;
    this.#file = this.share(this.content);
  }

  static async open(): Promise<PeerLab> {
    const stack = new AsyncDisposableStack();
    const relay = startChild(nodeCommand("subjects/peer-relay.ts"));
    stack.defer(relay.stop);
    const info: RelayInfo = JSON.parse(await relay.hear());
    const [accepter, dialer] = await Promise.all(roles.map((name) => createIdentity({ name })));
    return new PeerLab(relay, stack, info, { accepter: accepter!, dialer: dialer! });
  }

  get relayPid(): number {
    return this.#relay.pid;
  }

  /** Writes a file that lasts as long as the laboratory. */
  share(content: Uint8Array | string): string {
    return this.#stack.use(shareFile(content)).path;
  }

  /** Starts two peers and connects them. */
  async connect(kind: PeerKind, keepaliveMs = 15_000): Promise<PeerPair> {
    return kind === "rust" ? await this.#connectRust() : await this.#connectPeers(kind, keepaliveMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #connectPeers(kind: "peer" | "quiche", keepaliveMs: number): Promise<PeerPair> {
    const start = async (role: Role): Promise<Child> => {
      const setting = this.share(JSON.stringify(await this.#settingOf(kind, role, keepaliveMs)));
      const [node, ...script] = nodeCommand("subjects/peer.ts", role, setting);
      const hook = kind === "quiche" ? ["--import", hookPath] : [];
      const child = this.#start([node!, "--expose-gc", ...hook, ...script]);
      await child.hear();
      return child;
    };
    const pair = { kind, accepter: await start("accepter"), dialer: await start("dialer") };
    await Promise.all([pair.accepter.ask("accepted"), pair.dialer.ask("dial")]);
    return pair;
  }

  async #settingOf(kind: PeerKind, role: Role, keepaliveMs: number): Promise<PeerSetting> {
    const { port, certificate, secret } = this.info;
    const other = role === "dialer" ? "accepter" : "dialer";
    return {
      relay: `https://127.0.0.1:${port}`,
      relayCa: certificate,
      token: await signToken(secret, `${role}-${kind}`),
      identity: this.identities[role].pem,
      other: `${other}-${kind}`,
      pin: this.identities[other].pin,
      file: this.#file,
      keepaliveMs,
    };
  }

  /** The peer in Rust speaks QUIC alone, so the first flight is carried here. */
  async #connectRust(): Promise<PeerPair> {
    const accepter = await this.#startRust("accepter");
    const dialer = await this.#startRust("dialer");
    accepter.tell(`begin ${await dialer.hear()}`);
    await Promise.all([accepter.hear(), dialer.hear()]);
    return { kind: "rust", accepter, dialer };
  }

  async #startRust(role: Role): Promise<Child> {
    const key = randomBytes(32);
    const own = await this.#register(key);
    const relay = `127.0.0.1:${this.info.port}`;
    const identity = this.share(this.identities[role].pem);
    return this.#start([buildRustPeer(), role, relay, own, key.toString("hex"), identity, this.#file]);
  }

  /** Registers a key at an address of this host, whose port is free on return. */
  async #register(key: Buffer): Promise<string> {
    const body = JSON.stringify({ key: key.toString("base64"), num: rustCids });
    const { id: username, secret: password } = JSON.parse(await this.#relay.ask(body));
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const stun = new StunClient((datagram) => socket.send(datagram, this.info.port, "127.0.0.1"));
    socket.on("message", (datagram) => stun.receive(datagram));
    await stun.bind({ username, password });
    const { address, port } = socket.address();
    socket.close();
    return `${address}:${port}`;
  }

  #start(command: readonly string[]): Child {
    const child = startChild(command);
    this.#stack.defer(child.stop);
    return child;
  }
}

/** Gives the peers of a process the engine that they had before. */
export const hookPath: string = new URL("../controls/quiche/hook.ts", import.meta.url).href;
