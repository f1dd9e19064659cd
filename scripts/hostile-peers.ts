/**
 * `npm run hostile:peers`: a hostile peer floods an accepter through a real relay in every known way, and honest peers may notice
 * little.
 */
import { AttackedAccepter, type Sight } from "./hostile/peers/attacked-accepter.ts";
import { backends, readOptions, requireOption, runCommand } from "./hostile/command-line.ts";
import { type Flood, floods } from "./hostile/peers/floods.ts";
import { buildForger } from "./hostile/peers/hostile-peer.ts";
import { head, legend, line } from "./hostile/peers/table.ts";
import { bounds, judge } from "./hostile/peers/verdict.ts";

/** Repeats of a flood that failed, all of which must hold for it to pass, as for `npm run hostile`. */
const repeats = 3;

const help = `A hostile peer dials an accepter through a real relay on loopback, and floods it with one kind of frames after the
other. Beside it an honest peer has 8 connections to the accepter, and sends a small message on each every 50 ms. Each is a process
of its own; the hostile one has a low priority, as it would not share a processor with its victim. A flood that fails is tried
${repeats} times more, and has to hold each time.

  npm run hostile:peers -- [--seconds 3] [--backend auto|dgram|native] [--only NAME]… [--list]

  --seconds   how long each flood takes; some 2 s are added to each
  --backend   which data plane the relay runs on; native if absent
  --only      a part of a flood's name; more than once for several
  --list      prints the names of the floods

The columns:

${legend}
Exits with 2 if an option is wrong, and with 1 if in one of the floods

  - the accepter or the relay ends, or the engine has a fault
  - the accepter keeps more than ${bounds.connectionBytes >> 20} MB for a hostile connection (of first flights there are ${bounds.flights} at a time), ${bounds.windowBytes >> 20} MB
    more, the flow control window, if it is trusted, and ${bounds.slackBytes >> 20} MB that the allocator cannot give back; or grows by
    more than ${bounds.peakBytes >> 20} MB at any time
  - an honest echo takes more than ${bounds.echoMs} ms at the median, or an honest connection ends
  - the hostile peer does nothing
`;

const options = {
  seconds: { type: "string", default: "3" },
  backend: { type: "string", default: "native" },
  only: { type: "string", multiple: true },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const print = (text: string): void => void process.stdout.write(text);

/** Runs the floods, prints a line for each, and returns the exit status. */
async function run(chosen: readonly Flood[], ms: number, backend: string): Promise<number> {
  buildForger();
  await using attacked = await AttackedAccepter.open(backend);
  await attacked.calm(ms);
  const control = await attacked.calm(ms);
  print(head() + line("the control", control, control, "", ms));
  let isHeld = true;
  for (const flood of chosen) isHeld = (await holds(attacked, flood, ms, control)) && isHeld;
  print(line("the control, afterwards", await attacked.calm(ms), control, "", ms));
  print(isHeld ? "held\n" : "failed\n");
  return isHeld ? 0 : 1;
}

/** Tries a flood, and repeats it if it fails. */
async function holds(attacked: AttackedAccepter, flood: Flood, ms: number, control: Sight): Promise<boolean> {
  if (await holdsOnce(attacked, flood, ms, control, flood.name)) return true;
  for (let i = 1; i <= repeats; i++)
    if (!(await holdsOnce(attacked, flood, ms, control, `  again, ${i} of ${repeats}`))) return false;
  return true;
}

async function holdsOnce(
  attacked: AttackedAccepter,
  flood: Flood,
  ms: number,
  control: Sight,
  name: string,
): Promise<boolean> {
  const sight = await attacked.try(flood, ms);
  const faults = judge(flood, sight);
  print(line(name, sight, control, faults.length === 0 ? "holds" : `FAILS: ${faults.join("; ")}`, ms));
  return faults.length === 0;
}

process.exitCode = await runCommand("hostile:peers", async () => {
  const { backend, only = [""], ...values } = readOptions(process.argv.slice(2), options);
  const seconds = Number(values.seconds);
  const chosen = floods.filter(({ name }) => only.some((part) => name.includes(part)));
  requireOption(backends.includes(backend), "backend", backend, backends.join(", "));
  requireOption(chosen.length > 0, "only", only.join(", "), "a part of a name that --list prints");
  requireOption(seconds >= 1, "seconds", values.seconds, "at least 1");
  if (values.help) print(help);
  else if (values.list) print(chosen.map(({ name }) => `${name}\n`).join(""));
  else return await run(chosen, seconds * 1000, backend);
  return 0;
});
