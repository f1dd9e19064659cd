// Binds peers, each with a socket of its own for one connection, as the lines of its stdin say. Those that dial exchange bytes with
// those that accept, all the while. Tells what happens to their paths. Ends when its stdin does.
import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { type Connection, Peer, type PeerOptions } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";
import { Exchange, type Pace } from "./exchange.ts";
import { tell, tellPaths } from "./telling.ts";

/** What a peer is to do. */
export type Command = { readonly name: string } & (
  | { readonly order: "accept"; readonly options: Partial<PeerOptions> }
  | {
      readonly order: "dial";
      readonly options: Partial<PeerOptions>;
      readonly to: string;
      readonly pace: Pace;
    }
  | { readonly order: "report" | "finish" | "close" }
);

/** A peer of this program. */
interface Member {
  readonly peer: Peer;
  connection?: Connection;
  exchange?: Exchange;
}

const members = new Map<string, Member>();
const trust = trustFromEnvironment();

tell({ event: "started" });
flushCompileCache();
createInterface({ input: process.stdin })
  .on("line", (line) => void obey(JSON.parse(line) as Command))
  .on("close", () => process.exit(0));

async function obey(command: Command): Promise<void> {
  try {
    await (command.order === "accept" || command.order === "dial" ? begin(command) : go(command));
  } catch (error) {
    tell({ name: command.name, event: "failed", message: String(error) });
  }
}

async function begin(command: Extract<Command, { options: unknown }>): Promise<void> {
  const { name, options } = command;
  const peer = await Peer.bind({ ...peerOptions(), trust, ...options });
  const member: Member = { peer };
  members.set(name, member);
  if (command.order === "accept") return await accept(name, member);
  member.connection = await peer.dial(command.to, { timeoutMs: 60_000 });
  void tellPaths(member.connection, name);
  member.exchange = new Exchange(await member.connection.createBidirectionalStream(), command.pace);
  await member.exchange.done;
  report(name, member);
}

async function accept(name: string, member: Member): Promise<void> {
  tell({ name, event: "listening" });
  for await (const connection of member.peer) {
    member.connection = connection;
    void tellPaths(connection, name);
    void echo(connection).catch((error: unknown) => tell({ name, event: "failed", message: String(error) }));
  }
}

async function echo({ incomingBidirectionalStreams }: Connection): Promise<void> {
  for await (const { readable, writable } of incomingBidirectionalStreams) await readable.pipeTo(writable);
}

async function go({ name, order }: Command): Promise<void> {
  const member = members.get(name)!;
  if (order === "report") return report(name, member);
  if (order === "finish") {
    member.exchange!.end();
    await member.exchange!.done;
  }
  await member.peer.close();
  members.delete(name);
  tell({ name, event: "done" });
}

function report(name: string, { connection, exchange }: Member): void {
  tell({ name, event: "report", ...exchange?.report(), path: connection!.path });
}
