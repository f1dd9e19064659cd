import { type Child, projectPath } from "../../harness/child.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";
import { shortPacket } from "../../harness/packets.ts";

/** Where a source or a sink of numbered packets is, and the relay that it talks to. */
export interface NumbersAt {
  readonly where: Namespace;
  readonly address: string;
  readonly port: number;
  readonly relay: string;
  /** The byte that the connection ID of the packets is made of. */
  readonly cidByte: number;
}

/** What a sink received, in numbers from 0. */
export interface Received {
  /** The numbers that came, from and up to. */
  readonly ranges: readonly (readonly [number, number])[];
  /** How many came twice. */
  readonly repeated: number;
  /** Datagrams that are none of the source's, are not whole, or do not come from the relay. */
  readonly strange: number;
}

const program = projectPath("test/integration/xdp/programs/numbers.py");

/** Sends numbered packets at a steady pace; `stop` says how many. */
export async function startSource(at: NumbersAt, perSecond: number): Promise<{ stop(): Promise<number> }> {
  const child = await start(at, "source", String(perSecond));
  return { stop: async () => (await finish<{ readonly sent: number }>(child)).sent };
}

/** Receives numbered packets; `stop` says which, once the line is quiet. */
export async function startSink(at: NumbersAt): Promise<{ stop(): Promise<Received> }> {
  const child = await start(at, "sink");
  return { stop: () => finish<Received>(child) };
}

async function start(at: NumbersAt, role: "source" | "sink", ...args: string[]): Promise<Child> {
  const { where, address, port, relay, cidByte } = at;
  const prefix = shortPacket(cidByte, 13).toString("hex");
  const child = where.start("python3", [program, role, address, String(port), relay, ...args, prefix]);
  await child.prints(/ready/);
  return child;
}

async function finish<Report>(child: Child): Promise<Report> {
  child.process.stdin.end();
  const [report] = await child.prints(/^\{.*\}$/m);
  return JSON.parse(report) as Report;
}
