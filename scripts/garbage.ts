/** `npm run garbage`: throws garbage at a real forwarder on loopback and checks that it holds. */
import { parseArgs } from "node:util";
import type { BackendChoice } from "../src/forwarder/index.ts";
import { FuzzRelay } from "./garbage/fuzz-relay.ts";
import { createRandom } from "./garbage/random.ts";

const help = `Throws garbage at a real forwarder on loopback: random bytes, packets of every kind cut short and
changed, spoofed connection IDs, STUN, in bursts, while its sessions come, go and move.

  npm run garbage -- [--seconds 60] [--seed 1] [--backend auto|dgram|native]

Exits with 1 and the reason if anything throws, if a datagram is not accounted for, or if memory grows
beyond its bound; with 2 if an option is wrong.
`;

/** Datagrams thrown at once: at most 150 kB of socket buffer, which any system has. */
const burst = 48;
/** Memory growth allowed after the first quarter, in bytes: room for the garbage collector, none for a leak. */
const maxGrowthBytes: number = 96 * 2 ** 20;

const backends: readonly BackendChoice[] = ["auto", "dgram", "native"];

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      backend: { type: "string", default: "auto" },
      help: { type: "boolean", default: false },
    },
  });
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  const backend = backends.find((each) => each === values.backend);
  const isValid = seconds > 0 && Number.isInteger(seed) && backend !== undefined;
  if (values.help || !isValid) {
    process[values.help ? "stdout" : "stderr"].write(help);
    return values.help ? 0 : 2;
  }
  const faults = await run(seconds, seed, backend);
  process.stdout.write(faults.length === 0 ? "held\n" : `failed: ${faults.join("; ")}\n`);
  return faults.length === 0 ? 0 : 1;
}

/** Throws garbage for `seconds` or until a fault occurs, and returns the faults. */
async function run(seconds: number, seed: number, backend: BackendChoice): Promise<string[]> {
  const faults: string[] = [];
  for (const event of ["uncaughtException", "unhandledRejection"])
    process.on(event, (error: unknown) => faults.push(`${event}: ${String(error)}`));
  const fuzzed = await FuzzRelay.open(createRandom(seed), backend, (error) =>
    faults.push(`socket: ${error.message}`),
  );
  const start = Date.now();
  let firstRss: number | undefined;
  while (Date.now() < start + seconds * 1000 && faults.length === 0) {
    fuzzed.unsettle();
    for (let i = 0; i < burst; i++) fuzzed.throwOne();
    if (!(await fuzzed.settles())) faults.push(`${fuzzed.missing} datagrams are not accounted for`);
    if (Date.now() > start + seconds * 250) firstRss ??= process.memoryUsage.rss();
  }
  const growthBytes = process.memoryUsage.rss() - (firstRss ?? process.memoryUsage.rss());
  if (growthBytes > maxGrowthBytes) faults.push(`memory grew by ${growthBytes} bytes`);
  const summary = {
    seconds,
    seed,
    backend: fuzzed.forwarder.backend,
    sent: fuzzed.sent,
    growthBytes,
    ...fuzzed.forwarder.stats(),
  };
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  await fuzzed.close();
  return faults;
}
