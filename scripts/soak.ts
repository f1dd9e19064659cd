/** `npm run soak`: puts a relay under mixed, partly hostile load for a long time. Its memory has to stay flat. */
import { setTimeout as sleep } from "node:timers/promises";
import { backends, readOptions, requireOption, runCommand } from "./hostile/command-line.ts";
import { RelayProcess } from "./hostile/relay-process.ts";
import { Load } from "./soak/load.ts";
import { courseOf } from "./soak/series.ts";
import { faultsOf } from "./soak/verdict.ts";

const minuteMs = 60_000;
/** Minutes until a relay's memory levels out, and minutes after which growth exceeds the garbage collector's fluctuation. */
const longMinutes = { warmUp: 3, watched: 3 } as const;

const help = `Keeps a real relay on loopback under mixed load: four pairs that talk, visitors, registrations that come and go,
and one attack after the other for a small part of the time.

  npm run soak -- [--minutes 12] [--warm-up 3] [--hostile-percent 1] [--backend auto|dgram|native]

  --minutes          how long it takes
  --warm-up          minutes of it in which memory may still grow; every attack comes once in as many
  --hostile-percent  of the time, in which an attack goes on
  --backend          which backend the relay runs on; auto, the fastest here, if absent

Exits with 1 if memory (by 16 MB) or descriptors (by 8) of the relay grow after the warm-up, a relayed packet is
lost, an honest client is refused or an attack does not run; with 2 if an option is wrong. Sockets of gateway clients
do not count: dgram has one for each.

A short run, such as --minutes 1 --warm-up 0.3, tells whether the honest are served. Memory is judged from
${longMinutes.warmUp} minutes of warm-up and ${longMinutes.watched} minutes after it on: before that a relay takes what it needs for its work.
`;

const sampleMs = 1000;

const options = {
  minutes: { type: "string", default: "12" },
  "warm-up": { type: "string", default: "3" },
  "hostile-percent": { type: "string", default: "1" },
  backend: { type: "string", default: "auto" },
  help: { type: "boolean", default: false },
} as const;

interface Soak {
  readonly minutes: number;
  readonly warmUp: number;
  /** Share of the time with an attack, 0 to 100. */
  readonly hostilePercent: number;
  readonly backend: string;
}

/** Soaks a relay, prints the figures as JSON and returns the faults. */
async function soak({ minutes, warmUp, hostilePercent, backend }: Soak): Promise<string[]> {
  const totalMs = minutes * minuteMs;
  const relay = await RelayProcess.start(backend);
  // One round of attacks falls into the warm-up. Memory that only the first attack takes and keeps is not growth;
  // memory that each of them takes is.
  const load = await Load.open(relay, { roundMs: warmUp * minuteMs, share: hostilePercent / 100 });
  const [rssAtStart, descriptorsAtStart] = [relay.rssBytes, await ownDescriptors(relay)];
  const warm = await watch(relay, totalMs, warmUp * minuteMs);
  const counts = await load.close();
  const stats = relay.isAlive ? await relay.stats() : undefined;
  await relay.close();
  const round = (warmUp * minuteMs) / sampleMs;
  const figures = {
    isAlive: stats !== undefined,
    isLong: warmUp >= longMinutes.warmUp && minutes - warmUp >= longMinutes.watched,
    rssBytes: courseOf(rssAtStart, warm.rssBytes, round),
    descriptors: courseOf(descriptorsAtStart, warm.descriptors, round),
    load: counts,
  };
  const { dropped, overflowed, refused } = stats?.relay ?? {};
  const summary = {
    backend: relay.backend,
    ...figures,
    dropped,
    overflowed,
    refused,
    gateway: stats && { ...stats.relay.gateway, ...stats.gateway },
  };
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  if (!figures.isAlive) process.stderr.write(`the end of the relay's log:\n${relay.logEnd}\n`);
  if (!figures.isLong) process.stderr.write("too short to judge memory; see --help\n");
  return faultsOf(figures);
}

/** Descriptors beside the sockets of gateway clients: `dgram` has one for each client, as long as the client counts. */
async function ownDescriptors(relay: RelayProcess): Promise<number> {
  if (relay.backend !== "dgram") return relay.descriptors;
  const { gateway } = (await relay.stats()).relay;
  return relay.descriptors - (gateway?.clients ?? 0);
}

/** Samples the process until the time is over or it has ended. Returns the samples after the warm-up. */
async function watch(
  relay: RelayProcess,
  totalMs: number,
  warmUpMs: number,
): Promise<{ rssBytes: number[]; descriptors: number[] }> {
  const [rssBytes, descriptors]: [number[], number[]] = [[], []];
  for (let ms = 0; ms < totalMs && relay.isAlive; ms += sampleMs) {
    if (ms % minuteMs === 0)
      process.stderr.write(
        `${ms / minuteMs} min: ${relay.rssBytes >> 20} MB, ${relay.descriptors} descriptors\n`,
      );
    if (ms >= warmUpMs) {
      rssBytes.push(relay.rssBytes);
      descriptors.push(await ownDescriptors(relay));
    }
    await sleep(sampleMs);
  }
  return { rssBytes, descriptors };
}

process.exitCode = await runCommand("soak", async () => {
  const { backend, ...values } = readOptions(process.argv.slice(2), options);
  const [minutes, warmUp] = [Number(values.minutes), Number(values["warm-up"])];
  const hostilePercent = Number(values["hostile-percent"]);
  requireOption(warmUp > 0, "warm-up", values["warm-up"], "a number of minutes over 0");
  requireOption(minutes > warmUp, "minutes", values.minutes, "more than --warm-up");
  requireOption(
    hostilePercent >= 0 && hostilePercent < 100,
    "hostile-percent",
    values["hostile-percent"],
    "a number from 0 to under 100",
  );
  requireOption(backends.includes(backend), "backend", backend, backends.join(", "));
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const faults = await soak({ minutes, warmUp, hostilePercent, backend });
  process.stdout.write(faults.length === 0 ? "held\n" : `failed: ${faults.join("; ")}\n`);
  return faults.length === 0 ? 0 : 1;
});
