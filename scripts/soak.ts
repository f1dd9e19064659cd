/** `npm run soak`: a relay under mixed load for a long time, a little of it hostile, whose memory has to stay flat. */
import { setTimeout as sleep } from "node:timers/promises";
import { attackFor } from "./hostile/attacker-process.ts";
import { attacks } from "./hostile/attacks/index.ts";
import { backends, readOptions, requireOption, runCommand } from "./hostile/command-line.ts";
import { Pair } from "./hostile/honest/pair.ts";
import { RelayProcess } from "./hostile/relay-process.ts";
import { passBy } from "./soak/passers-by.ts";
import { growthOf } from "./soak/series.ts";

const help = `Keeps a real relay on loopback under mixed load: pairs that talk, visitors, registrations that come and go, and
one attack after the other for a small part of the time.

  npm run soak -- [--minutes 12] [--warm-up 3] [--hostile-percent 1] [--backend auto|dgram|native]

Exits with 1 if memory or descriptors of the relay grow after the warm-up, a relayed packet is lost, or an honest
client is refused; with 2 if an option is wrong.
`;

const pairCount = 4;
const sampleMs = 1000;
/** What the garbage collector may hold back or give, in bytes, and sockets on their way out. */
const maxGrowth = { rssBytes: 16 * 2 ** 20, descriptors: 8 } as const;

const options = {
  minutes: { type: "string", default: "12" },
  "warm-up": { type: "string", default: "3" },
  "hostile-percent": { type: "string", default: "1" },
  backend: { type: "string", default: "auto" },
  help: { type: "boolean", default: false },
} as const;

interface Soak {
  readonly totalMs: number;
  readonly warmUpMs: number;
  /** Of the time, from 0 to 1, in which an attack goes on. */
  readonly share: number;
  readonly backend: string;
}

/** Soaks a relay, prints the figures as JSON, and says what did not hold. */
async function soak({ totalMs, warmUpMs, share, backend }: Soak): Promise<string[]> {
  const relay = await RelayProcess.start(backend);
  const pairs = [];
  for (let i = 0; i < pairCount; i++) pairs.push(await Pair.open(relay.target));
  const stop = new AbortController();
  const passing = passBy(relay.target, stop.signal);
  const attacking = attackInTurn(relay, share * totalMs, totalMs, stop.signal);
  const samples = await sample(relay, totalMs, warmUpMs);
  stop.abort();
  const [passersBy, complaints] = await Promise.all([passing, attacking]);
  for (const pair of pairs) await pair.close();
  const { dropped, overflowed, gateway } = relay.isAlive ? await relay.stats() : {};
  await relay.close();
  const growth = { rssBytes: growthOf(samples.rssBytes), descriptors: growthOf(samples.descriptors) };
  const total = pairs
    .map(({ counts }) => counts)
    .reduce((sum, counts) => ({
      sent: sum.sent + counts.sent,
      received: sum.received + counts.received,
      renewals: sum.renewals + counts.renewals,
      renewalsFailed: sum.renewalsFailed + counts.renewalsFailed,
      messages: sum.messages + counts.messages,
      messagesFailed: sum.messagesFailed + counts.messagesFailed,
    }));
  const summary = { backend: relay.backend, growth, relayed: total, passersBy, dropped, overflowed, gateway };
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  const faults: readonly (readonly [boolean, string])[] = [
    [dropped === undefined, `the relay ended: ${relay.logEnd}`],
    [growth.rssBytes > maxGrowth.rssBytes, `memory grew by ${growth.rssBytes} bytes`],
    [growth.descriptors > maxGrowth.descriptors, `${growth.descriptors} descriptors more`],
    [total.received < total.sent, `${total.sent - total.received} relayed packets were lost`],
    [total.renewalsFailed > 0, `${total.renewalsFailed} renewals failed`],
    [total.messagesFailed > 0, `${total.messagesFailed} messages were refused`],
    [passersBy.visitsFailed > 0, `${passersBy.visitsFailed} visits failed`],
    [passersBy.registrationsFailed > 0, `${passersBy.registrationsFailed} registrations failed`],
  ];
  return [...faults.filter(([isFault]) => isFault).map(([, what]) => what), ...complaints];
}

/** Looks at the process after the warm-up until the time is over or it has ended. */
async function sample(
  relay: RelayProcess,
  totalMs: number,
  warmUpMs: number,
): Promise<{ rssBytes: number[]; descriptors: number[] }> {
  await sleep(warmUpMs);
  const [rssBytes, descriptors]: [number[], number[]] = [[], []];
  for (let ms = warmUpMs; ms < totalMs && relay.isAlive; ms += sampleMs) {
    rssBytes.push(relay.rssBytes);
    descriptors.push(relay.descriptors);
    if ((ms / sampleMs) % 60 === 0)
      process.stderr.write(
        `${ms / 60_000} min: ${relay.rssBytes >> 20} MB, ${relay.descriptors} descriptors\n`,
      );
    await sleep(sampleMs);
  }
  return { rssBytes, descriptors };
}

/** Every attack once, evenly over the time, so that all together take their share of it. */
async function attackInTurn(
  relay: RelayProcess,
  hostileMs: number,
  totalMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  const faults: string[] = [];
  const startedAtMs = performance.now();
  if (hostileMs === 0) return faults;
  for (const [i, { name }] of attacks.entries()) {
    const beginsMs = (i * totalMs) / attacks.length;
    await sleep(startedAtMs + beginsMs - performance.now(), undefined, { signal }).catch(() => undefined);
    if (signal.aborted || !relay.isAlive) return [...faults, `"${name}" and what comes after it did not run`];
    const complaint = await attackFor(relay, name, hostileMs / attacks.length);
    if (complaint) faults.push(complaint);
  }
  return faults;
}

process.exitCode = await runCommand("soak", async () => {
  const { backend, ...values } = readOptions(process.argv.slice(2), options);
  const [minutes, warmUp] = [Number(values.minutes), Number(values["warm-up"])];
  const percent = Number(values["hostile-percent"]);
  requireOption(warmUp > 0, "warm-up", values["warm-up"], "a number of minutes over 0");
  requireOption(minutes > warmUp, "minutes", values.minutes, "more than --warm-up");
  requireOption(percent >= 0 && percent < 100, "hostile-percent", percent, "a number from 0 to under 100");
  requireOption(backends.includes(backend), "backend", backend, backends.join(", "));
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [totalMs, warmUpMs] = [minutes * 60_000, warmUp * 60_000];
  const faults = await soak({ totalMs, warmUpMs, share: percent / 100, backend });
  process.stdout.write(faults.length === 0 ? "held\n" : `failed: ${faults.join("; ")}\n`);
  return faults.length === 0 ? 0 : 1;
});
