/**
 * `npm run hostile`: attacks a real relay on loopback in every known way, and checks that honest clients notice little.
 */
import { AttackedRelay } from "./hostile/attacked-relay.ts";
import type { Attack } from "./hostile/attack.ts";
import { attacks } from "./hostile/attacks/index.ts";
import { backends, readOptions, requireOption, runCommand } from "./hostile/command-line.ts";
import type { Observation } from "./hostile/observation.ts";
import { attackLine, head, legend, megabytes, quietLine } from "./hostile/table.ts";
import { bounds } from "./hostile/verdict.ts";

/** The honest pair renews its registrations once a second; a shorter attack cannot show whether it stands still. */
const minAttackSeconds = 2;
/** Length of the quiet phase, as a share of the time of the attacks. */
const quietShare = 0.2;
/**
 * Repeats of a failed attack, all of which must hold for it to pass. Noise that fails 1 attack in 20 then fails 7 in
 * 1000. A defect that shows every other time fails 44 in 100 instead of 50.
 */
const repeats = 3;

const help = `Attacks a real relay on loopback, one kind of attack after the other, while an honest pair talks over it
and honest visitors ask for a page, and compares that with a quiet phase of the same run. Before that honest
clients come for some seconds, so that a relay in use is compared. An attack that fails is tried ${repeats} times more,
each against a quiet phase right before it, and has to hold each time.

  npm run hostile -- [--seconds 60] [--backend auto|dgram|native] [--only NAME]… [--list]

  --seconds   how long all attacks take together, at least ${minAttackSeconds} for each; starting and ending them takes as long again
  --backend   which backend the relay runs on; auto, the fastest here, if absent
  --only      a part of an attack's name; more than once for several
  --list      prints the names of the attacks

The columns:

${legend}
Exits with 2 if an option is wrong, and with 1 if under one of the attacks

  - the relay ends, or grows by more than ${bounds.rssBytes >> 20} MB during the attack; or is larger than in the first quiet phase
    by more than ${bounds.rssAfterBytes >> 20} MB once all attackers have gone
  - honest visits over HTTP/3 or TCP take more than ${bounds.visitRatio} times as long, or more than ${bounds.failedShare * 100} % of them fail
  - the event loop stands still more than ${bounds.turnRatio} times as long, in a flood of STUN
  - more than ${bounds.logBytes >> 10} kB are logged, or the issuer is asked for its keys more than ${bounds.keyFetches} times
  - the honest pair stands still (a part of its column is 0), a renewal fails or a message is refused
  - more than ${bounds.lostPackets} relayed packets are lost: as many may be under way when they are counted
  - the attacker fails, or does nothing; one that waits for what the relay does not give it is killed at the end
`;

const options = {
  seconds: { type: "string", default: "60" },
  backend: { type: "string", default: "auto" },
  only: { type: "string", multiple: true },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const print = (text: string): void => void process.stdout.write(text);

/** Runs the attacks, prints a line for each, and returns the exit status. */
async function run(chosen: readonly Attack[], totalMs: number, backend: string): Promise<number> {
  const attacked = await AttackedRelay.open(backend);
  const { relay } = attacked;
  try {
    const quiet = await attacked.calm(totalMs * quietShare);
    print(`backend ${relay.backend}, ${megabytes(attacked.coldBytes)} at first\n`);
    print(`${head()}${quietLine("the quiet phase", quiet)}`);
    let isHeld = true;
    for (const attack of chosen)
      isHeld = relay.isAlive && (await holds(attacked, attack, totalMs / chosen.length, quiet)) && isHeld;
    const isRecovered = await attacked.recovers(quiet.rssBytes);
    print(
      `afterwards ${megabytes(relay.rssBytes - quiet.rssBytes)}, ${relay.descriptors - quiet.descriptors} descriptors more\n`,
    );
    if (!isHeld) print(`the end of the relay's log:\n${relay.logEnd}\n`);
    print(isHeld && isRecovered ? "held\n" : "failed\n");
    return isHeld && isRecovered ? 0 : 1;
  } finally {
    await attacked.close();
  }
}

/** Tries an attack, and repeats it if it fails. Compares memory with the first quiet phase of the run. */
async function holds(
  attacked: AttackedRelay,
  attack: Attack,
  ms: number,
  first: Observation,
): Promise<boolean> {
  if (await holdsOnce(attacked, attack, ms, first, attack.name)) return true;
  for (let i = 1; i <= repeats; i++) {
    if (!attacked.relay.isAlive) return false;
    const quiet = { ...(await attacked.calm(ms)), rssBytes: first.rssBytes };
    print(quietLine("  quiet before the next", quiet));
    if (!(await holdsOnce(attacked, attack, ms, quiet, `  again, ${i} of ${repeats}`))) return false;
  }
  return true;
}

async function holdsOnce(
  attacked: AttackedRelay,
  attack: Attack,
  ms: number,
  quiet: Observation,
  name: string,
): Promise<boolean> {
  const result = await attacked.try(attack, ms, quiet);
  print(attackLine(name, result));
  if (result.faults.length === 0) return true;
  // The next attack starts without the leftovers of this one.
  await attacked.recovers(quiet.rssBytes);
  return false;
}

process.exitCode = await runCommand("hostile", async () => {
  const { backend, only = [""], ...values } = readOptions(process.argv.slice(2), options);
  const seconds = Number(values.seconds);
  const chosen = attacks.filter(({ name }) => only.some((part) => name.includes(part)));
  const least = minAttackSeconds * chosen.length;
  requireOption(backends.includes(backend), "backend", backend, backends.join(", "));
  requireOption(chosen.length > 0, "only", only.join(", "), "a part of a name that --list prints");
  requireOption(
    seconds >= least,
    "seconds",
    values.seconds,
    `at least ${least} for ${chosen.length} attacks`,
  );
  if (values.help) print(help);
  else if (values.list) print(chosen.map(({ name }) => `${name}\n`).join(""));
  else return await run(chosen, seconds * 1000, backend);
  return 0;
});
