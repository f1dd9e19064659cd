import { describe, expect, it } from "vitest";
import { NatWatch } from "../../../../src/peer/relay/nat-watch.ts";
import type { Address } from "../../../../src/wire/address.ts";

const relay: Address = { address: "192.0.2.1", port: 4433 };
const seen: Address = { address: "203.0.113.7", port: 40_000 };
const stunPort = 3478;

/** A watch whose questions the test answers. */
class Rig {
  readonly questions: { readonly to: Address; readonly answer: (address: Address | undefined) => void }[] =
    [];
  readonly watch: NatWatch;
  changes = 0;
  /** What the second port answers new sockets, in turn. */
  readonly anew: Address[] = [];

  constructor(relays: readonly string[] = [relay.address], own: readonly string[] = []) {
    this.watch = new NatWatch({
      relay: () => relay,
      relays,
      reaches: () => true,
      isOwn: (ip) => own.includes(ip),
      secondPort: {
        ask: (to) => new Promise((answer) => void this.questions.push({ to, answer })),
        askAnew: () => Promise.resolve(this.anew.shift()),
        receive: () => undefined,
        close: () => undefined,
      },
      onChange: () => this.changes++,
    });
  }

  /** Tells the watch what the relay sees, and answers its question, if it has one. */
  async note(address: Address, answer?: Address): Promise<void> {
    const noted = this.watch.note({ address, stunPort });
    this.questions.shift()?.answer(answer);
    await noted;
  }
}

describe("a watch of the NAT", () => {
  it("knows nothing before the relay has seen the socket, and asks nobody", async () => {
    const { watch, questions } = new Rig();
    await watch.note({ address: null, stunPort });
    expect([watch.report, questions]).toEqual([{ kind: "unknown" }, []]);
  });

  it("asks the second port at the relay's address, and tells what the NAT makes of it", async () => {
    const rig = new Rig();
    const noted = rig.watch.note({ address: seen, stunPort });
    expect(rig.questions.map(({ to }) => to)).toEqual([{ ...relay, port: stunPort }]);
    rig.questions[0]!.answer({ ...seen, port: 40_001 });
    await noted;
    expect(rig.watch.report).toEqual({ kind: "sequential", ports: { base: 40_001, step: 1 } });
    expect([rig.watch.isSilent, rig.changes]).toEqual([false, 1]);
  });

  it("asks nobody where the relay has no second port, and then knows of no NAT only by its own addresses", async () => {
    const rig = new Rig();
    await rig.watch.note({ address: seen, stunPort: undefined });
    expect([rig.watch.report.kind, rig.questions.length]).toEqual(["unknown", 0]);
    const open = new Rig([], [seen.address]);
    await open.watch.note({ address: seen, stunPort: undefined });
    expect(open.watch.report.kind).toBe("endpoint-independent");
  });

  it("asks once for one address, and again at another", async () => {
    const rig = new Rig();
    await rig.note(seen, seen);
    await rig.note(seen);
    expect([rig.watch.report.kind, rig.changes]).toEqual(["endpoint-independent", 1]);
    await rig.note({ ...seen, port: 41_000 }, { ...seen, port: 1 });
    expect([rig.watch.report.kind, rig.changes]).toEqual(["random", 2]);
  });

  it("tells that the second port is silent, and asks again when there is occasion", async () => {
    const rig = new Rig();
    await rig.note(seen, undefined);
    expect([rig.watch.report.kind, rig.watch.isSilent]).toEqual(["unknown", true]);
    const asked = rig.watch.note({ address: seen, stunPort });
    expect(rig.watch.isSilent).toBe(true);
    rig.questions.shift()!.answer(seen);
    await asked;
    expect([rig.watch.report.kind, rig.watch.isSilent]).toEqual(["endpoint-independent", false]);
  });

  it("drops an answer that comes after the network has changed", async () => {
    const rig = new Rig();
    const late = rig.watch.note({ address: seen, stunPort });
    const [question] = rig.questions.splice(0);
    await rig.note({ ...seen, port: 41_000 }, { ...seen, port: 41_002 });
    question!.answer(seen);
    await late;
    expect(rig.watch.report).toMatchObject({ kind: "sequential", ports: { step: 2 } });
    expect(rig.changes).toBe(1);
  });

  it("measures where a NAT that counts is with its ports, by a new socket", async () => {
    const rig = new Rig();
    await rig.note(seen, { ...seen, port: 40_003 });
    rig.anew.push({ ...seen, port: 40_100 });
    expect(await rig.watch.measure()).toEqual({ base: 40_100, step: 3 });
    rig.anew.push({ ...seen, port: 40_200 }, { ...seen, port: 40_201 });
    expect(await rig.watch.measure()).toEqual({ base: 40_200, step: 1 });
    rig.anew.push({ ...seen, port: 40_300 }, { ...seen, port: 40_307 });
    expect(await rig.watch.measure()).toEqual({ base: 40_300, step: 3 });
    expect(await rig.watch.measure()).toBeUndefined();
  });

  it("measures nothing where the NAT does not count", async () => {
    const rig = new Rig();
    rig.anew.push(seen);
    expect(await rig.watch.measure()).toBeUndefined();
    await rig.note(seen, seen);
    expect([await rig.watch.measure(), rig.anew.length]).toEqual([undefined, 1]);
  });

  it("learns the public address of the other IP version, where the relay has one", async () => {
    const rig = new Rig(["192.0.2.1", "2001:db8::1", "2001:db8::2"]);
    const noted = rig.watch.note({ address: seen, stunPort });
    expect(rig.questions.map(({ to }) => to)).toEqual([
      { ...relay, port: stunPort },
      { address: "2001:db8::1", port: stunPort },
    ]);
    const other = { address: "2001:db8:a::7", port: 51_820 };
    for (const [index, { answer }] of rig.questions.entries()) answer([seen, other][index]);
    await noted;
    expect(rig.watch.otherFamily).toEqual(other);
  });
});
