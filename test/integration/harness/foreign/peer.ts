import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { StunClient } from "../../../../src/peer/relay/stun-client.ts";
import type {
  MailboxListResponse,
  MailboxTakeResponse,
  RegisterResponse,
  SentMessage,
} from "../../../../src/protocol.ts";
import { isStun } from "../../../../src/wire/stun.ts";
import { certificateFiles } from "../certificate.ts";
import { type Child, projectPath, startChild } from "../child.ts";
import { DatagramProxy } from "../network/datagram-proxy.ts";
import type { TlsIdentity } from "../identities.ts";
import type { TestRelay } from "../relay.ts";
import type { Part } from "../requirement.ts";
import { tokenFor } from "../token.ts";

/** A QUIC stack that is not this package's, with the parts that it needs. */
export type Stack = "quic-go" | "aioquic" | "quiche";

export const stacks: Readonly<Record<Stack, readonly Part[]>> = {
  "quic-go": ["go-1.26"],
  aioquic: ["aioquic"],
  quiche: [],
};

/** What a foreign peer is started with. */
export interface ForeignOptions {
  readonly stack: Stack;
  readonly relay: TestRelay;
  /** Its name at the relay. */
  readonly name: "alice" | "bob";
  readonly identity: TlsIdentity;
  /** The pin that it trusts. */
  readonly pin: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** As many connection IDs as no test uses up. */
const num = 200;

/**
 * A process on another QUIC stack behind a NAT. The stack speaks nothing but QUIC, with the connection IDs of a key; the rest of
 * docs/protocol.md is done here: registration, STUN, mailbox.
 */
export class ForeignPeer {
  readonly child: Child;
  readonly #relay: TestRelay;
  readonly #token: string;
  #proxy: DatagramProxy;
  /** What it has sent before its first flight was carried. */
  readonly #held: Buffer[] = [];
  #registration: RegisterResponse | undefined;

  private constructor(relay: TestRelay, token: string, proxy: DatagramProxy, child: Child) {
    this.#relay = relay;
    this.#token = token;
    this.#proxy = proxy;
    this.child = child;
    proxy.dropOut = (datagram) => this.#held.push(datagram) > 0;
  }

  /** Starts a dialer, and leaves its first flight in a mailbox. */
  static async dial(to: "alice" | "bob", options: ForeignOptions): Promise<ForeignPeer> {
    const peer = await ForeignPeer.#start("dialer", options);
    // Those of one flight leave within a fraction of the time after which they are sent again.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const packets = peer.#held.slice(0, 8).map((datagram) => datagram.toString("base64"));
    peer.#proxy.dropOut = () => false;
    await peer.#call<SentMessage>("POST", `/v1/mailbox/${to}`, { packets });
    return peer;
  }

  /** Starts an accepter, which takes the next first flight out of its mailbox. */
  static async accept(options: ForeignOptions): Promise<ForeignPeer> {
    const peer = await ForeignPeer.#start("accepter", options);
    peer.#proxy.dropOut = () => false;
    return peer;
  }

  static async #start(role: "dialer" | "accepter", options: ForeignOptions): Promise<ForeignPeer> {
    const { relay, stack, name, identity, pin, env } = options;
    const key = randomBytes(32);
    const proxy = await DatagramProxy.open(relay.port);
    const { cert, key: privateKey } = certificateFiles(identity);
    const [command, ...args] = await programs[stack]();
    // Nothing is awaited between the start and the listening: a program is quick to send.
    const token = await tokenFor(name);
    const child = startChild(command!, [...args, role], {
      env: {
        RELAY: `127.0.0.1:${proxy.port}`,
        KEY: key.toString("hex"),
        CERTIFICATE: cert,
        PRIVATE_KEY: privateKey,
        PIN: pin,
        ALPN: "quicpipe",
        QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING: "true",
        ...env,
      },
    });
    const peer = new ForeignPeer(relay, token, proxy, child);
    const ended = child.prints(/(?!)/);
    ended.catch(() => undefined);
    await Promise.race([ended, expect.poll(() => peer.#held.length).toBeGreaterThan(0)]);
    peer.#registration = await peer.#register(key, num);
    await peer.#prove();
    return peer;
  }

  /** Takes the message that waits, and hands its packets over as if they had come from the relay. */
  async take(): Promise<void> {
    const { messages } = await this.#call<MailboxListResponse>("GET", "/v1/messages");
    const { packets } = await this.#call<MailboxTakeResponse>(
      "POST",
      `/v1/messages/${messages[0]!.id}/take`,
      {
        registration: this.#registration!.id,
      },
    );
    for (const packet of packets) this.#proxy.inject(Buffer.from(packet, "base64"));
  }

  /** Gives it another public address, which it tells the relay at once. */
  async move(): Promise<void> {
    await this.#proxy.rebind();
    await this.#prove();
  }

  /**
   * Has it move its connection to another socket (RFC 9000 §9), whose public address is another one. A second registration lets it
   * send from there before the first one, and with it what comes for the peer, is moved.
   */
  async migrate(): Promise<void> {
    const next = await DatagramProxy.open(this.#relay.port);
    const second = await this.#register(randomBytes(32), 1);
    await this.#prove(second, next);
    await this.ask(`migrate 127.0.0.1:${next.port}`, /migrated/);
    await this.#moveTo(next);
    await this.#call<void>("DELETE", `/v1/registrations/${second.id}`);
  }

  /** The same for a peer that is no longer where it was: it moves its registration, and then its connection. */
  async leave(): Promise<void> {
    const next = await DatagramProxy.open(this.#relay.port);
    await this.#moveTo(next);
    await this.ask(`migrate 127.0.0.1:${next.port}`, /migrated/);
  }

  /** Has it ask for an answer from another socket, for its connection to move there, until `isEnough`. */
  async tryToMigrate(port: number, isEnough: () => boolean): Promise<void> {
    this.tell(`migrate 127.0.0.1:${port}`);
    await expect.poll(isEnough).toBe(true);
    await this.ask("give-up", /stayed: .*/);
  }

  /** Has it do something. */
  tell(command: string): void {
    this.child.process.stdin.write(`${command}\n`);
  }

  /** Has it do something, and returns the line that it answers with, which matches `answer` as a whole. */
  async ask(command: string, { source }: RegExp): Promise<string> {
    const answers = (): RegExpExecArray[] => [
      ...this.child.stdout().matchAll(new RegExp(`^${source}$`, "gm")),
    ];
    const count = answers().length + 1;
    this.tell(command);
    await expect.poll(() => answers().length).toBe(count);
    return answers().at(-1)![0];
  }

  async #register(key: Buffer, count: number): Promise<RegisterResponse> {
    return await this.#call("POST", "/v1/register", { key: key.toString("base64"), num: count });
  }

  /** Moves the registration to another public address. The former one reaches nobody then. */
  async #moveTo(next: DatagramProxy): Promise<void> {
    const former = this.#proxy;
    this.#proxy = next;
    await this.#prove();
    former.dropOut = former.dropIn = (): boolean => true;
  }

  /** Proves where a registration is: by STUN, whose answers are not for the peer. */
  async #prove(registration = this.#registration!, proxy = this.#proxy): Promise<void> {
    const stun = new StunClient((datagram) => proxy.send(datagram));
    proxy.dropIn = (datagram): boolean => {
      if (isStun(datagram)) stun.receive(datagram);
      return isStun(datagram);
    };
    await stun.bind({ username: registration.id, password: registration.secret });
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      "content-type": "application/json",
      prefer: "wait=20",
    };
    const url = `https://127.0.0.1:${this.#relay.port}${path}`;
    const response = await this.#relay.app.fetch(
      new Request(url, { method, headers, ...(body && { body: JSON.stringify(body) }) }),
    );
    const text = await response.text();
    expect(response.ok, text).toBe(true);
    return (response.status === 204 ? undefined : JSON.parse(text)) as T;
  }
}

let quicGo: Promise<string> | undefined;

/** Builds the peer on quic-go; the module versions and their hashes are fixed in go.mod and go.sum. */
async function buildQuicGo(): Promise<string> {
  const program = projectPath("target/quic-go-peer");
  const build = startChild("go", ["build", "-mod=readonly", "-o", program, "."], {
    cwd: projectPath("test/interop/quic-go"),
    env: { GOTOOLCHAIN: "local" },
  });
  expect(await build.exited, build.stderr()).toBe(0);
  return program;
}

/** The command of each stack's peer. */
const programs: Readonly<Record<Stack, () => Promise<readonly string[]>>> = {
  "quic-go": async () => [await (quicGo ??= buildQuicGo())],
  aioquic: async () => [
    projectPath("target/aioquic/bin/python"),
    projectPath("test/interop/aioquic/peer.py"),
  ],
  quiche: async () => [process.execPath, projectPath("test/interop/quiche/peer.ts")],
};
