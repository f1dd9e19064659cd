import { expect, it } from "vitest";
import { Losses } from "../../../../../src/peer/path/keeping/losses.ts";

/** Sends 100 packets a second for 20 s, and returns the seconds at which the path was lossy. */
function lossySeconds(share: (second: number) => number, perSecond: number = 100): number[] {
  const losses = new Losses();
  let [sent, lost] = [0, 0];
  return Array.from({ length: 20 }, (_, second) => second).filter((second) => {
    const isLossy = losses.isLossy(sent, Math.round(lost), second * 1000);
    sent += perSecond;
    lost += perSecond * share(second);
    return isLossy;
  });
}

it("A path that loses 11 % is lossy after 10 s", () => {
  expect(lossySeconds(() => 0.11)[0]).toBe(10);
});

it("A path that loses 5 % in bursts is not", () => {
  expect(lossySeconds((second) => (second % 10 === 0 ? 0.5 : 0))).toEqual([]);
});

it("A path that has sent few packets is not judged", () => {
  expect(lossySeconds(() => 0.5, 9)).toEqual([]);
});
