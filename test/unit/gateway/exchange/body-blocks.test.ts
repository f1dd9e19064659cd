import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyBlockBytes, bodyBlockOverheadBytes } from "../../../../src/defaults/index.ts";
import { BodyBlocks } from "../../../../src/gateway/exchange/body-blocks.ts";

function takeAll(blocks: BodyBlocks): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let block = blocks.take(); block; block = blocks.take()) taken.push(block.bytes);
  return taken;
}

describe("the blocks of a body", () => {
  it("join small pieces, and count what they take", () => {
    const blocks = new BodyBlocks();
    for (let i = 0; i < 2 * bodyBlockBytes; i++) blocks.add(Uint8Array.of(i), Infinity);
    expect(blocks.costBytes).toBe(2 * (bodyBlockBytes + bodyBlockOverheadBytes));
    expect(takeAll(blocks).map(({ length }) => length)).toEqual([bodyBlockBytes, bodyBlockBytes]);
    expect([blocks.costBytes, blocks.isEmpty]).toEqual([0, true]);
  });

  it("have no room for more than the body has", () => {
    const blocks = new BodyBlocks();
    blocks.add(new Uint8Array(10), 12);
    expect([blocks.costBytes, blocks.hasFullBlock]).toEqual([12 + bodyBlockOverheadBytes, false]);
    blocks.add(new Uint8Array(2), 2);
    expect([blocks.costBytes, blocks.hasFullBlock]).toEqual([12 + bodyBlockOverheadBytes, true]);
  });

  it("give bytes in memory of their own", () => {
    const blocks = new BodyBlocks();
    const piece = Uint8Array.of(1, 2, 3);
    blocks.add(piece, Infinity);
    piece.fill(0);
    const { bytes } = blocks.take()!;
    expect([bytes, bytes.buffer.byteLength]).toEqual([Uint8Array.of(1, 2, 3), 3]);
  });

  it("keep every byte in order and grow as foretold, whatever the pieces are", () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 3 * bodyBlockBytes }), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, fc.boolean(), (lengths, isAnnounced) => {
        const blocks = new BodyBlocks();
        const all = Buffer.alloc(lengths.reduce((sum, length) => sum + length, 0)).map((_, i) => i % 251);
        let at = 0;
        for (const length of lengths) {
          const piece = all.subarray(at, at + length);
          const expected = isAnnounced ? all.length - at : Infinity;
          const foretold = blocks.costBytes + blocks.growthWith(piece, expected);
          blocks.add(piece, expected);
          expect(blocks.costBytes).toBe(foretold);
          at += length;
        }
        expect(Buffer.concat(takeAll(blocks)).equals(all)).toBe(true);
      }),
    );
  });
});
