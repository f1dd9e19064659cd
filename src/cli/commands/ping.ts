import { defineCommand, type CommandDef } from "citty";
import { type NumberRange, requireName, requireNumber } from "../arguments.ts";
import { exitStatus } from "../exit-status.ts";
import { tellPaths } from "../peer/path-watch.ts";
import { dialArgs, peerArgs, requireTimeout, workAsPeer } from "../peer/peer.ts";
import { pingLine, summaryLine, whyNotDirect } from "../ping/lines.ts";
import { type Ping, Pinger } from "../ping/pinger.ts";
import { pingNote, pingProtocol } from "../ping/protocol.ts";
import { type PingSummary, summaryOf } from "../ping/summary.ts";
import { printable } from "../terminal-text.ts";

const args = {
  name: { type: "positional", required: true, description: "Name of the peer to ping" },
  ...peerArgs,
  ...dialArgs,
  count: { type: "string", default: "10", description: "Pings to send", valueHint: "number" },
  "until-direct": {
    type: "boolean",
    description: "End as soon as a pong came by a direct path; with 1 if none did",
  },
  interval: {
    type: "string",
    default: "1000",
    description: "Milliseconds from one ping to the next",
    valueHint: "ms",
  },
  json: { type: "boolean", description: "Print a line of JSON for each ping, and one for all" },
} as const;

const countRange: NumberRange = { min: 1, max: 1_000_000 };
const intervalRange: NumberRange = { min: 10, max: 60_000, unit: "milliseconds" };

/** `quicpipe ping`: asks a peer for pongs, and tells by which path they come and in what time. */
export const ping = defineCommand({
  meta: {
    name: "ping",
    description:
      "Ping a peer by its name: tell by which path the pongs come, the relay or a direct one, and in what time; `accept` answers",
  },
  args,
  async run({ args: given }) {
    const timeoutMs = requireTimeout(given.timeout);
    const course: Course = {
      count: requireNumber("--count", given.count, countRange),
      intervalMs: requireNumber("--interval", given.interval, intervalRange),
      untilDirect: given["until-direct"] ?? false,
    };
    const name = requireName("NAME", given.name);
    const print = given.json ? printJson : linePrinter(name);
    return await workAsPeer(given, { alpn: pingProtocol }, async (peer, trust) => {
      process.stderr.write(`quicpipe: pinging ${printable(name)} at ${printable(given.relay)}\n`);
      const connection = await peer.dial(name, { trust, timeoutMs, note: pingNote });
      if (given.verbose) void tellPaths(connection);
      const pings = await sendAll(new Pinger(connection), course, print);
      if (!course.untilDirect) return statusOf(pings.every(isBack));
      if (!pings.some(isDirect))
        process.stderr.write(`quicpipe: no pong came direct: ${whyNotDirect(connection.path)}\n`);
      return statusOf(pings.some(isDirect));
    });
  },
}) as CommandDef;

/** Prints a ping, or the figures of all. */
type Print = (what: Ping | PingSummary) => void;

const printJson: Print = (what) => void process.stdout.write(`${JSON.stringify(what)}\n`);

function linePrinter(name: string): Print {
  return (what) => void process.stdout.write(`${"seq" in what ? pingLine(name, what) : summaryLine(what)}\n`);
}

function statusOf(isDone: boolean): number {
  return isDone ? exitStatus.done : exitStatus.failed;
}

/** Gap in ms after a ping that left open whether there is a direct path: longer ones would leave it open for ever. */
const againMs = 1000;

/** How many pings are sent, and when. */
interface Course {
  readonly count: number;
  readonly intervalMs: number;
  readonly untilDirect: boolean;
}

/** Sends the pings and prints them, and in the end their figures, whatever ends them. */
async function sendAll(pinger: Pinger, course: Course, print: Print): Promise<Ping[]> {
  const pings: Ping[] = [];
  try {
    for await (const each of send(pinger, course)) {
      pings.push(each);
      print(each);
    }
  } finally {
    const rtts = pings.map(({ rttMs }) => rttMs);
    print(summaryOf(rtts, pinger.path.reason));
  }
  return pings;
}

async function* send(pinger: Pinger, { count, intervalMs, untilDirect }: Course): AsyncGenerator<Ping> {
  for (let seq = 1; seq <= count; seq++) {
    const startMs = performance.now();
    const each = await pinger.ping(seq);
    yield each;
    if (seq === count || (untilDirect && isDirect(each))) return;
    const gapMs = untilDirect && each.path === "both" ? Math.min(intervalMs, againMs) : intervalMs;
    await pinger.pause(Math.max(0, startMs + gapMs - performance.now()));
  }
}

function isBack({ rttMs }: Ping): boolean {
  return rttMs !== null;
}

function isDirect(each: Ping): boolean {
  return each.path === "direct" && isBack(each);
}
