import { describe, expect, it } from "vitest";
import { dataFrameHead, goAwayFrame, headersFrame, settingsStream } from "../../../src/http3/own-frames.ts";
import { UniStreams } from "../../../src/http3/uni-streams.ts";

describe("what this side sends", () => {
  it("begins with its settings, by which the other side reads it as well", () => {
    const bytes = settingsStream({ maxFieldSectionBytes: 16_384 });
    expect(bytes.toString("hex")).toBe("0004050680004000");
    expect(new UniStreams("server").push(3, Buffer.concat([bytes, goAwayFrame(8)]))).toBeUndefined();
  });

  it.each([
    [goAwayFrame(4), "070104"],
    [goAwayFrame(400), "07024190"],
    [headersFrame({ ":status": "200" }), "01030000d9"],
    [dataFrameHead(5), "0005"],
    [dataFrameHead(65_536), "0080010000"],
  ])("is a frame: %#", (bytes, hex) => {
    expect(bytes.toString("hex")).toBe(hex);
  });
});
