import { describe, expect, it } from "vitest";
import { mappingMs, portsBefore } from "../../../../../src/defaults/index.ts";
import type { NatReport, PortSequence } from "../../../../../src/peer/nat/report.ts";
import type { NatView } from "../../../../../src/peer/nat/view.ts";
import { Forecast } from "../../../../../src/peer/path/seeking/forecast.ts";

const counting: NatReport = { kind: "sequential", ports: { base: 40_000, step: 2 } };

/** A forecast behind a NAT that the test changes. */
class Rig implements NatView {
  report: NatReport = counting;
  readonly isSilent = false;
  readonly otherFamily = undefined;
  measured: PortSequence | undefined = { base: 41_000, step: 2 };
  measurements = 0;
  changes = 0;
  readonly forecast: Forecast = new Forecast(this, () => this.changes++);

  measure(): Promise<PortSequence | undefined> {
    this.measurements++;
    return Promise.resolve(this.measured);
  }
}

const told = { kind: "sequential", ports: { base: 41_000 - 2 * portsBefore, step: 2 } };

describe("the forecast of a connection", () => {
  it("has no ports before a round has begun, as those from before are of the past", () => {
    expect(new Rig().forecast.report).toEqual({ kind: "sequential", ports: undefined });
  });

  it("has those that were measured as the round began, and some before them", async () => {
    const rig = new Rig();
    await rig.forecast.roundBegins(0);
    expect([rig.forecast.report, rig.changes]).toEqual([told, 1]);
  });

  it("keeps them as long as the NAT has the mappings of the last round, and measures anew after that", async () => {
    const rig = new Rig();
    await rig.forecast.roundBegins(0);
    rig.measured = { base: 42_000, step: 2 };
    await rig.forecast.roundBegins(mappingMs - 1);
    expect([rig.forecast.report, rig.measurements]).toEqual([told, 1]);
    await rig.forecast.roundBegins(3 * mappingMs);
    expect(rig.forecast.report.ports).toMatchObject({ base: 42_000 - 2 * portsBefore });
    expect(rig.changes).toBe(2);
  });

  it("drops them when the network has changed, and measures in the next round", async () => {
    const rig = new Rig();
    await rig.forecast.roundBegins(0);
    rig.report = { kind: "sequential", ports: { base: 50_000, step: 1 } };
    expect(rig.forecast.report.ports).toBeUndefined();
    await rig.forecast.roundBegins(1);
    expect(rig.measurements).toBe(2);
  });

  it("measures as soon as the NAT is known, if a round has begun just before", async () => {
    const rig = new Rig();
    rig.report = { kind: "unknown" };
    await rig.forecast.natKnown(0);
    await rig.forecast.roundBegins(1000);
    expect(rig.measurements).toBe(0);
    rig.report = counting;
    await rig.forecast.natKnown(1100);
    expect([rig.forecast.report, rig.measurements]).toEqual([told, 1]);
  });

  it("has none if nobody answers, or if the network changes meanwhile", async () => {
    const rig = new Rig();
    rig.measured = undefined;
    await rig.forecast.roundBegins(0);
    expect([rig.forecast.report.ports, rig.changes]).toEqual([undefined, 0]);
    rig.measured = { base: 41_000, step: 2 };
    const late = rig.forecast.roundBegins(3 * mappingMs);
    rig.report = { kind: "sequential", ports: { base: 50_000, step: 1 } };
    await late;
    expect(rig.forecast.report.ports).toBeUndefined();
  });

  it("tells other kinds of NAT as they are, and measures nothing", async () => {
    const rig = new Rig();
    rig.report = { kind: "random" };
    await rig.forecast.roundBegins(0);
    expect([rig.forecast.report, rig.measurements]).toEqual([{ kind: "random" }, 0]);
  });

  it.each<PortSequence>([
    { base: 20, step: 16 },
    { base: 65_530, step: -2 },
  ])("has none where the NAT is at the end of its ports: %o", async (measured) => {
    const rig = new Rig();
    rig.measured = measured;
    await rig.forecast.roundBegins(0);
    expect([rig.forecast.report, rig.changes]).toEqual([{ kind: "sequential", ports: undefined }, 0]);
  });
});
