import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type {
  EngineConnection,
  EngineListener,
  EngineOptions,
} from "../../../../src/peer/engine/contract.ts";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { createIdentity, type Identity } from "../../../../src/peer/index.ts";

const scratch = Buffer.alloc(1 << 16);
const engine = loadEngine();
let identity: Promise<Identity> | undefined;

/** One side of a pair. */
export interface Side {
  readonly engine: EngineConnection;
  /** What the engine has told, each as the method's name and its arguments. */
  readonly told: string[];
}

/** Two connections of the real engine, with nothing in between but the test. */
export interface EnginePair {
  readonly client: Side;
  readonly server: Side;
}

type SideOptions = Partial<EngineOptions>;

/** Makes two connections, of which the server has the client's first flight. Without options, neither asks who the other is. */
export async function beginPair(client: SideOptions = {}, server: SideOptions = {}): Promise<EnginePair> {
  const pair = await makePair(client, server);
  for (const datagram of pair.client.engine.firstFlight()) pair.server.engine.receive(datagram);
  return pair;
}

/** Makes two connections that have said nothing yet. */
export async function makePair(client: SideOptions = {}, server: SideOptions = {}): Promise<EnginePair> {
  const own = await (identity ??= createIdentity());
  const optionsOf = (options: SideOptions): EngineOptions => ({ ...common(), identity: own, ...options });
  return {
    client: sideOf(engine.connect(optionsOf(client))),
    server: sideOf(engine.accept(optionsOf(server))),
  };
}

/** Makes two connections and brings them through the handshake. */
export async function connectPair(client?: SideOptions, server?: SideOptions): Promise<EnginePair> {
  const pair = await beginPair(client, server);
  exchange(pair);
  for (const { told } of [pair.client, pair.server]) expect(told).toContain("onConfirmed");
  return pair;
}

function common(): Omit<EngineOptions, "identity"> {
  return {
    cidKey: randomBytes(32),
    cidLimit: 32,
    demand: { kind: "none" },
    isJudged: false,
    alpn: ["test"],
    idleTimeoutMs: 30_000,
    maxUdpPayloadBytes: 1200,
    flowWindowBytes: 1 << 20,
    maxStreams: 10,
    datagramQueueBytes: 10_000,
    datagramQueue: 100,
  };
}

function sideOf(connection: EngineConnection): Side {
  return { engine: connection, told: [] };
}

/** Asks a side what has happened. Streams of the other side are taken at once. */
export function poll({ engine: connection, told }: Side): void {
  const note = (name: string, args: unknown[]): void => {
    told.push(
      [
        name,
        ...args.map((argument) => (typeof argument === "object" ? JSON.stringify(argument) : argument)),
      ].join(" "),
    );
    if (name === "onOpened") while (connection.acceptStream(args[0] as "bidirectional") !== undefined);
  };
  const listener = new Proxy({} as EngineListener, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        note(name, args),
  });
  connection.poll(listener);
}

/** Opens a stream both ways and returns its ID. */
export function openStream({ engine: connection }: Side): number {
  return connection.openStream("bidirectional")!;
}

/** Moves what one side has to say to the other, but for what gets lost. Returns the number of datagrams. */
export function move(from: Side, to: Side, isLost?: (datagram: number) => boolean): number {
  let count = 0;
  const buffer = Buffer.alloc(1500);
  const arrived: Buffer[] = [];
  for (let length = 0; (length = from.engine.send(buffer)) > 0; count++)
    if (!isLost?.(count)) arrived.push(Buffer.from(buffer.subarray(0, length)));
  for (const datagram of arrived) to.engine.receive(datagram);
  poll(from);
  poll(to);
  return count;
}

/** Lets one side say what it has to say in vain. */
export function lose(from: Side): void {
  move(from, from, () => true);
}

/** Lets both sides talk until they have nothing more to say. */
export function exchange({ client, server }: EnginePair): void {
  for (let turn = 0; turn < 10; turn++) {
    move(client, server);
    move(server, client);
  }
}

/** Lets both sides talk, with nothing lost, until `isDone`. */
export async function talk({ client, server }: EnginePair, isDone: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !isDone(); turn++) {
    await sleep(5);
    tick(client);
    tick(server);
    move(client, server);
    move(server, client);
  }
}

/** Lets time go by for one side, if it is time. */
export function tick({ engine: connection }: Side): void {
  if ((connection.timeoutMs() ?? 1) <= 0) connection.onTimeout();
}

/** What one side has read from a stream so far. */
export interface Reading {
  bytes: number;
  hasEnded: boolean;
}

/** Reads what there is. */
export function readOn(
  { engine: connection }: Side,
  id: number,
  reading: Reading = { bytes: 0, hasEnded: false },
): Reading {
  while (!reading.hasEnded) {
    const read = connection.streamReceive(id, scratch);
    if (!read) break;
    expect(read).not.toHaveProperty("abortedWith");
    if ("abortedWith" in read) break;
    reading.bytes += read.bytes;
    reading.hasEnded = read.fin;
  }
  return reading;
}
