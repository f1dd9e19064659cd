/** `npm run hostile`: attacks a real relay on loopback in every way we know, and sees that honest clients notice little. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { attackFor } from "./hostile/attacker-process.ts";
import { attacks } from "./hostile/attacks.ts";
import { Pair } from "./hostile/honest/pair.ts";
import { observe } from "./hostile/observation.ts";
import { RelayProcess } from "./hostile/relay-process.ts";
import { head, line, megabytes } from "./hostile/table.ts";
import { bounds, judge } from "./hostile/verdict.ts";

const help = `Attacks a real relay on loopback, one kind of attack after the other, while an honest pair talks over it
and honest visitors ask for a page, and compares that with a quiet phase of the same run.

  npm run hostile -- [--seconds 60] [--backend auto|dgram|native] [--only NAME]…

  --seconds   how long all attacks take together, from 1
  --only      a part of an attack's name; more than once for several
  --list      prints the names of the attacks

Each attack goes on for a moment before the quiet phase, so that it is a relay in use that is compared.

Exits with 1 if the relay ends, grows by more than ${megabytes(bounds.rssBytes)} (${megabytes(bounds.rssAfterBytes)} once the attackers have
gone), answers an honest visitor ${bounds.visitRatio} times as slowly, floods its log, or loses a packet of the honest pair; with 2 if an
option is wrong.
`;

/**
 * How long each attack goes on before the quiet phase, in ms: buffers and heaps that a process takes once, and keeps, are
 * no part of what an attack costs.
 */
const warmUpMs = 500;
/** Of the time that the attacks take. */
const quietShare = 0.2;
/** How long memory may take to come back, in ms: the longest time that a closed client's memory is kept. */
const recoveryMs = 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "60" },
      backend: { type: "string", default: "auto" },
      only: { type: "string", multiple: true, default: [""] },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.seconds);
  const chosen = attacks.filter(({ name }) => values.only.some((part) => name.includes(part)));
  const isValid = seconds >= 1 && chosen.length > 0 && ["auto", "dgram", "native"].includes(values.backend);
  if (values.help || !isValid) {
    process[values.help ? "stdout" : "stderr"].write(help);
    return values.help ? 0 : 2;
  }
  if (values.list) {
    process.stdout.write(chosen.map(({ name }) => `${name}\n`).join(""));
    return 0;
  }
  return await run(
    chosen.map(({ name }) => name),
    seconds * 1000,
    values.backend,
  );
}

/** Runs the attacks, prints a line for each, and returns the exit status. */
async function run(names: readonly string[], totalMs: number, backend: string): Promise<number> {
  const relay = await RelayProcess.start(backend);
  const pair = await Pair.open(relay.target);
  try {
    const coldBytes = relay.rssBytes;
    for (const name of names) await attackFor(relay, name, warmUpMs);
    const quiet = await observe(relay, pair, sleep(totalMs * quietShare));
    process.stdout.write(
      `backend ${relay.backend}, ${megabytes(coldBytes)} at first, ${megabytes(quiet.rssBytes)} in the quiet phase\n${head()}`,
    );
    let isHeld = true;
    for (const name of names) {
      const attack = attackFor(relay, name, totalMs / names.length);
      const attacked = await observe(relay, pair, attack);
      const complaint = await attack;
      process.stdout.write(line(name, quiet, attacked));
      if (complaint) process.stdout.write(`  ${complaint}\n`);
      isHeld &&= judge(quiet, attacked).length === 0 && complaint === undefined;
      if (!relay.isAlive) break;
    }
    const isRecovered = await recovers(relay, quiet.rssBytes);
    process.stdout.write(
      `afterwards ${megabytes(relay.rssBytes - quiet.rssBytes)}, ${relay.descriptors - quiet.descriptors} descriptors more\n`,
    );
    if (!isHeld) process.stdout.write(`the end of the relay's log:\n${relay.logEnd}\n`);
    process.stdout.write(isHeld && isRecovered ? "held\n" : "failed\n");
    return isHeld && isRecovered ? 0 : 1;
  } finally {
    await pair.close();
    await relay.close();
  }
}

/** Waits until memory has come back; `false` if it does not. */
async function recovers(relay: RelayProcess, quietBytes: number): Promise<boolean> {
  const deadline = Date.now() + recoveryMs;
  const isBack = (): boolean => relay.isAlive && relay.rssBytes - quietBytes <= bounds.rssAfterBytes;
  while (!isBack() && relay.isAlive && Date.now() < deadline) await sleep(500);
  return isBack();
}
