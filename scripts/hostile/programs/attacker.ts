// Runs one attack until the parent sends "stop" or exits. It has a process of its own, with a low priority: an attacker on the
// Internet takes no processor time from the relay or its honest clients. Reports its work to the parent now and then.
import { setPriority } from "node:os";
import type { AttackOrder, AttackerMessage } from "../attacker-process.ts";
import { attacks } from "../attacks/index.ts";
import { tokens } from "../issuer.ts";

const reportMs = 50;

/** Half of what a process may give up. */
const niceness = 10;

setPriority(niceness);
const stop = new AbortController();
let done = 0;

async function attack({ name, key, target }: AttackOrder): Promise<void> {
  const { run } = attacks.find((each) => each.name === name)!;
  await run({ ...target, token: tokens(key) }, stop.signal, (count = 1) => (done += count));
}

function tell(onTold: () => void = () => undefined): void {
  const message: AttackerMessage = { done };
  // Without the parent, there is no channel.
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
