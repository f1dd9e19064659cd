import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ownBytes, ownText } from "../../src/own-memory.ts";
import { createAppAuthentication } from "../../src/plugin/auth/app-auth.ts";
import { resolveLimits } from "../../src/plugin/options/limits.ts";
import { parseTraceparent, type TraceParent } from "../../src/telemetry/span.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const texts = 40;
const bytesOfEach = 1_000_000;

/** Returns a part of a text of 1 MB. */
function partOfMuch(part: string): string {
  return `${part}${randomBytes(bytesOfEach / 2).toString("hex")}`.slice(0, part.length);
}

function positionInMuch(): TraceParent | undefined {
  return parseTraceparent(partOfMuch("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
}

/** Returns the bytes of heap that what `make` returns keeps for each of the texts. */
async function keptByEach(make: (index: number) => unknown): Promise<number> {
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept: unknown[] = [];
  for (let i = 0; i < texts; i++) kept.push(await make(i));
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  expect(kept).toHaveLength(texts);
  return bytes / texts;
}

describe("memory of its own", () => {
  it("holds no more than the bytes that were copied into it", () => {
    const pooled = Buffer.from("c2hvcnQ=", "base64");
    expect(pooled.buffer.byteLength).toBeGreaterThan(pooled.length);
    expect(ownBytes(pooled).buffer.byteLength).toBe(pooled.length);
    expect(ownBytes(pooled)).toEqual(new Uint8Array(Buffer.from("short")));
  });

  it("keeps a copied text without the text that it was a part of", async () => {
    expect(await keptByEach(() => partOfMuch("a name of a peer"))).toBeGreaterThan(bytesOfEach / 2);
    expect(await keptByEach(() => ownText(partOfMuch("a name of a peer")))).toBeLessThan(bytesOfEach / 10);
    expect(ownText("Zoë 🐢")).toBe("Zoë 🐢");
  });

  it("is what a position in a trace has, however long the field that it was sent in", async () => {
    expect(positionInMuch()).toMatchObject({ spanId: "b7ad6b7169203331" });
    expect(await keptByEach(positionInMuch)).toBeLessThan(bytesOfEach / 10);
  });

  it("is what a subject has that an app cut out of a request", async () => {
    const identify = createAppAuthentication(
      () => ({ subject: partOfMuch("a name of a peer"), scopes: [] }),
      { limits: resolveLimits(undefined), log: { write: () => undefined }, now: () => 0 },
    );
    const request = new Request("https://relay.example/v1/register");
    const make = async (): Promise<string> => (await identify(request, () => "192.0.2.1")).subject;
    expect(await keptByEach(make)).toBeLessThan(bytesOfEach / 10);
  });
});
