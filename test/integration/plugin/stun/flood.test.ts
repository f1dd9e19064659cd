// Runs alone: what is lost in a flood is to be lost by the relay, not by a machine that is busy with other files.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { attackFor } from "../../../../scripts/hostile/attacker-process.ts";
import { Pair } from "../../../../scripts/hostile/honest/pair.ts";
import { Registrant } from "../../../../scripts/hostile/honest/registrant.ts";
import { type Observation, observe } from "../../../../scripts/hostile/observation.ts";
import { RelayProcess } from "../../../../scripts/hostile/relay-process.ts";
import {
  namedStunFlood,
  spoofedStunFlood,
  spoofedVictims,
  stunFlood,
} from "../../../../scripts/hostile/attacks/stun-flood.ts";
import { startRelayProcess } from "../../harness/relay.ts";
import { has } from "../../harness/requirement.ts";

const attackMs = 4000;
/** Packets that may be under way between two looks at the counts. */
const underWay = 20;

/** What is seen of a relay while it is attacked; the attacker itself has to be well. */
async function attack(relay: RelayProcess, pair: Pair, name: string): Promise<Observation> {
  const attacking = attackFor(relay, name, attackMs);
  const attacked = await observe(relay, pair, attacking);
  expect((await attacking).complaint).toBeUndefined();
  return attacked;
}

async function openRelay(backend: string): Promise<{ relay: RelayProcess; pair: Pair }> {
  const relay = await startRelayProcess(backend);
  const pair = await Pair.open(relay.target);
  onTestFinished(() => pair.close());
  return { relay, pair };
}

/** A peer that is not registered yet, and whose address HTTP does not prove. */
async function openNewcomer({ target }: RelayProcess): Promise<Registrant> {
  const newcomer = await Registrant.open(target, "newcomer", "127.0.0.80", () => undefined);
  onTestFinished(() => newcomer.close());
  return newcomer;
}

it
  .skipIf(!has("native"))
  .each([stunFlood, spoofedStunFlood, spoofedVictims, namedStunFlood].map(({ name }) => name))(
  "native: registrations are made and renewed and nothing relayed is lost in a %s",
  async (name) => {
    const { relay, pair } = await openRelay("native");
    const newcomer = await openNewcomer(relay);
    const [attacked, joined] = await Promise.all([
      attack(relay, pair, name),
      sleep(attackMs / 2).then(async () => (await newcomer.register()) && (await newcomer.renew())),
    ]);
    expect(joined).toBe(true);
    expect(attacked.pair.renewals).toBeGreaterThan(0);
    expect(attacked.pair.renewalsFailed).toBe(0);
    expect(attacked.pair.sent - attacked.pair.received).toBeLessThan(underWay);
    const { stun } = (await relay.stats()).relay;
    expect(stun["rate-limited"]).toBeGreaterThan(attackMs / 20);
  },
);

it(`dgram: few requests of a ${stunFlood.name} are worked on`, async () => {
  const { relay, pair } = await openRelay("dgram");
  await attack(relay, pair, stunFlood.name);
  const { stun } = (await relay.stats()).relay;
  expect(stun["rate-limited"]).toBeGreaterThan(10 * stun.rejected);
});
