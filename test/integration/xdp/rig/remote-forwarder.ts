import { createInterface } from "node:readline";
import { expect } from "vitest";
import { bytesPerSecond, registrationTtlMs } from "../../../../src/defaults/index.ts";
import type {
  Forwarder,
  ForwarderOptions,
  ForwarderStats,
  SessionSpec,
  XdpOption,
} from "../../../../src/forwarder/index.ts";
import type { PeerAddress } from "../../../../src/wire/address.ts";
import { cidBytes } from "../../../../src/wire/connection-id.ts";
import type { BpfMount } from "./bpf-file-system.ts";
import { projectPath, type Child } from "../../harness/child.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";

type Method = Exclude<keyof Forwarder, "backend" | "backendReason" | "clientsBy" | "close">;

/** A forwarder in a process of its own, in a namespace; both end with the test. */
export interface RemoteForwarder {
  readonly child: Child;
  call<Name extends Method>(
    name: Name,
    ...args: Parameters<Forwarder[Name]>
  ): Promise<ReturnType<Forwarder[Name]>>;
  /** Opens a session, reached by connection IDs made of one byte each. */
  register(address: PeerAddress | null, cidByte: number, change?: Partial<SessionSpec>): Promise<number>;
  stats(): Promise<ForwarderStats>;
  /** Waits until its statistics, or what it says of XDP, have what is given. */
  settles(of: "stats" | "xdp", expected: object): Promise<void>;
  /** Closes it in good order. */
  close(): Promise<void>;
}

/** The options of a forwarder that can be told to another process. */
export interface RemoteOptions extends Partial<
  Pick<ForwarderOptions, "backend" | "host" | "port" | "maxSessions">
> {
  readonly xdp?: XdpOption;
  readonly maxRoutes?: number;
  /** What it sees at /sys/fs/bpf; if absent, what the test sees. */
  readonly mount?: BpfMount;
}

/** Starts a forwarder in a namespace, on port 4433 and with the kernel's part off unless said; it is not open yet. */
export function startRemoteForwarder(
  where: Namespace,
  { xdp: option = "off", maxRoutes = 1024, mount, ...options }: RemoteOptions,
): Pick<RemoteForwarder, "child"> {
  const program = projectPath("test/integration/xdp/programs/forwarder.ts");
  const env = { OPTIONS: JSON.stringify(options), XDP: JSON.stringify({ option, maxRoutes }) };
  const [command, ...args] = [...(mount?.door ?? []), process.execPath, program] as const;
  return { child: where.start(command!, args, env) };
}

/** The same, and waits until it is open. */
export async function openRemoteForwarder(
  where: Namespace,
  options: RemoteOptions,
): Promise<RemoteForwarder> {
  const { child } = startRemoteForwarder(where, options);
  const answers: ((line: string) => void)[] = [];
  createInterface(child.process.stdout).on("line", (line) => answers.shift()?.(line));
  const answer = (): Promise<unknown> =>
    new Promise((resolve) => answers.push((line) => resolve(JSON.parse(line))));
  const ended = child.exited.then((status) => {
    throw new Error(`the forwarder ended (${status}):\n${child.stderr()}`);
  });
  await Promise.race([answer(), ended]);
  const remote: RemoteForwarder = {
    child,
    async call(name, ...args) {
      const answered = answer();
      child.process.stdin.write(`${JSON.stringify([name, ...args])}\n`);
      const { value } = (await Promise.race([answered, ended])) as { value: never };
      return value;
    },
    register: async (address, cidByte, change) =>
      remote.call("openSession", {
        cids: Buffer.alloc(cidBytes, cidByte),
        address,
        bucket: change?.bucket ?? (await remote.call("openBucket", bytesPerSecond)),
        expiresAtMs: Date.now() + registrationTtlMs,
        ...change,
      }),
    stats: () => remote.call("stats"),
    async settles(of, expected) {
      await expect.poll(() => remote.call(of), { interval: 20 }).toMatchObject(expected);
    },
    async close() {
      child.process.stdin.end();
      expect(await child.exited, child.stderr()).toBe(0);
    },
  };
  return remote;
}

/** The id of the XDP program on an interface, if there is one. */
export function programOn(where: Namespace, link: string): number | undefined {
  const [found] = JSON.parse(where.ip("-json", "link", "show", link)) as [
    { readonly xdp?: { readonly prog: { readonly id: number } } },
  ];
  return found.xdp?.prog.id;
}
