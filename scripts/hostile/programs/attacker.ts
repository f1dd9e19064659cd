// Runs one attack in a process of its own until its parent goes, so that what it costs is not the honest clients'.
import type { AttackOrder } from "../attacker-process.ts";
import { attacks } from "../attacks/index.ts";
import { tokens } from "../issuer.ts";

const stop = new AbortController();
process.once("disconnect", () => stop.abort());
process.once("message", async ({ name, key, target }: AttackOrder) => {
  const attack = attacks.find((each) => each.name === name)!;
  process.send?.("started");
  await attack.run({ ...target, token: tokens(key) }, stop.signal);
  process.exit(0);
});
