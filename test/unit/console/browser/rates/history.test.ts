import { describe, expect, it } from "vitest";
import { History } from "../../../../../src/console/browser/rates/history.ts";

describe("the history of a chart", () => {
  it("keeps what fits its window, however long it goes on", () => {
    const history = new History(1, 10, 3);
    for (let at = 0; at <= 10_000; at++) history.add({ at, values: [at * 2] });
    const [times, line] = history.columns;
    expect(times).toEqual([9990, 9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999, 10_000]);
    expect(line).toEqual(times.map((at) => at * 2));
  });

  it("breaks its lines where the stream was broken", () => {
    const history = new History(2, 60, 3);
    history.add({ at: 1, values: [5, 6] });
    history.add({ at: 3, values: [7, 8] });
    history.add({ at: 20, values: [9, 10] });
    expect(history.columns).toEqual([
      [1, 3, 6, 20],
      [5, 7, null, 9],
      [6, 8, null, 10],
    ]);
  });

  it("leaves out what is not later than the last, as after a clock was set back", () => {
    const history = new History(1, 60, 3);
    for (const at of [5, 5, 4, 6]) history.add({ at, values: [at] });
    expect(history.columns).toEqual([
      [5, 6],
      [5, 6],
    ]);
  });
});
