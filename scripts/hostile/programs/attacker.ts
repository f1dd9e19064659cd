// Runs one attack in a process of its own until its parent goes, so that what it costs is not the honest clients'.
import type { AttackOrder } from "../attacker-process.ts";
import { attacks } from "../attacks/index.ts";
import { tokens } from "../issuer.ts";

const farewellMs = 3000;
const stop = new AbortController();
process.once("disconnect", () => {
  stop.abort();
  // Some wait for what the relay does not give them; these vanish.
  setTimeout(() => process.exit(0), farewellMs).unref();
});
process.once("message", async ({ name, key, target }: AttackOrder) => {
  const attack = attacks.find((each) => each.name === name)!;
  process.send?.("started");
  await attack.run({ ...target, token: tokens(key) }, stop.signal);
  process.exit(0);
});
