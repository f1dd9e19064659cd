/** `npm run hostile`: attacks a real relay on loopback in every way we know, and sees that honest clients notice little. */
import { setTimeout as sleep } from "node:timers/promises";
import { attackFor } from "./hostile/attacker-process.ts";
import type { Attack } from "./hostile/attack.ts";
import { attacks } from "./hostile/attacks/index.ts";
import { backends, readOptions, requireOption, runCommand } from "./hostile/command-line.ts";
import { Pair } from "./hostile/honest/pair.ts";
import { warmUp } from "./hostile/honest/warm-up.ts";
import { observe } from "./hostile/observation.ts";
import { RelayProcess } from "./hostile/relay-process.ts";
import { head, line, megabytes } from "./hostile/table.ts";
import { bounds, judge } from "./hostile/verdict.ts";

const help = `Attacks a real relay on loopback, one kind of attack after the other, while an honest pair talks over it
and honest visitors ask for a page, and compares that with a quiet phase of the same run. Before that honest
clients come for some seconds, so that a relay in use is compared.

  npm run hostile -- [--seconds 60] [--backend auto|dgram|native] [--only NAME]… [--list]

  --seconds   how long all attacks take together, from 1; starting and ending them takes as long again
  --backend   which data plane the relay runs on; auto, the fastest here, if absent
  --only      a part of an attack's name; more than once for several
  --list      prints the names of the attacks

Exits with 1 if the relay ends, grows by more than 64 MB (40 MB once the attackers have gone), takes ten times
as long to answer an honest visitor, floods its log, asks its issuer for keys time and again, refuses an honest
peer or loses its packets; with 2 if an option is wrong.
`;

/** Of the time that the attacks take. */
const quietShare = 0.2;
/** How long memory may take to come back, in ms: the longest time that a closed client's memory is kept. */
const recoveryMs = 60_000;

const options = {
  seconds: { type: "string", default: "60" },
  backend: { type: "string", default: "auto" },
  only: { type: "string", multiple: true },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Runs the attacks, prints a line for each, and returns the exit status. */
async function run(chosen: readonly Attack[], totalMs: number, backend: string): Promise<number> {
  const relay = await RelayProcess.start(backend);
  const pair = await Pair.open(relay.target);
  try {
    const coldBytes = relay.rssBytes;
    await warmUp(relay.target);
    const quiet = await observe(relay, pair, sleep(totalMs * quietShare));
    process.stdout.write(
      `backend ${relay.backend}, ${megabytes(coldBytes)} at first, ${megabytes(quiet.rssBytes)} in the quiet phase\n${head()}`,
    );
    let isHeld = true;
    for (const attack of chosen) {
      const attacking = attackFor(relay, attack.name, totalMs / chosen.length);
      const attacked = await observe(relay, pair, attacking);
      const complaint = await attacking;
      process.stdout.write(line(attack, quiet, attacked));
      if (complaint) process.stdout.write(`  ${complaint}\n`);
      isHeld &&= judge(quiet, attacked, attack).length === 0 && complaint === undefined;
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

process.exitCode = await runCommand("hostile", async () => {
  const { backend, only = [""], ...values } = readOptions(process.argv.slice(2), options);
  const seconds = Number(values.seconds);
  const chosen = attacks.filter(({ name }) => only.some((part) => name.includes(part)));
  requireOption(seconds >= 1, "seconds", values.seconds, "a number from 1");
  requireOption(backends.includes(backend), "backend", backend, backends.join(", "));
  requireOption(chosen.length > 0, "only", only.join(", "), "a part of a name that --list prints");
  if (values.help) process.stdout.write(help);
  else if (values.list) process.stdout.write(chosen.map(({ name }) => `${name}\n`).join(""));
  else return await run(chosen, seconds * 1000, backend);
  return 0;
});
