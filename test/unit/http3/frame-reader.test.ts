import { describe, expect, it } from "vitest";
import { PayloadBuffer } from "../../../src/http3/frame-reader.ts";

/** Adds so many bytes one by one, and tells each size that the buffer had. */
function fill(buffer: PayloadBuffer, bytes: number): number[] {
  const sizes = new Set<number>();
  for (let i = 0; i < bytes; i++) {
    buffer.add(Uint8Array.of(i), bytes - i);
    sizes.add(buffer.heldBytes);
  }
  return [...sizes];
}

describe("a payload", () => {
  it("is given as it came", () => {
    const buffer = new PayloadBuffer();
    fill(buffer, 1000);
    expect(buffer.take()).toEqual(Buffer.from([...Array(1000).keys()]));
    expect(buffer.heldBytes).toBe(0);
  });

  it("is copied as often as it doubles, so that single bytes cost no more than many", () => {
    expect(fill(new PayloadBuffer(), 16_000)).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_000]);
  });

  it("takes no more memory than it is long", () => {
    expect(fill(new PayloadBuffer(), 10)).toEqual([10]);
  });
});
