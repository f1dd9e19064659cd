// Runs one attack in a process of its own until its parent says "stop" or goes, so that what it costs is not the honest
// clients'. Tells the parent now and then how much it has done.
import type { AttackOrder, AttackerMessage } from "../attacker-process.ts";
import { attacks } from "../attacks/index.ts";
import { tokens } from "../issuer.ts";

const reportMs = 50;

const stop = new AbortController();
let done = 0;

async function attack({ name, key, target }: AttackOrder): Promise<void> {
  const { run } = attacks.find((each) => each.name === name)!;
  await run({ ...target, token: tokens(key) }, stop.signal, (count = 1) => (done += count));
}

function tell(onTold: () => void = () => undefined): void {
  const message: AttackerMessage = { done };
  // There is no channel any more where the parent has gone.
  if (process.connected) process.send!(message, onTold);
  else onTold();
}

process.once("disconnect", () => stop.abort());
process.once("message", async (order: AttackOrder) => {
  process.once("message", () => stop.abort());
  setInterval(() => tell(), reportMs);
  await attack(order);
  tell(() => process.exit(0));
});
