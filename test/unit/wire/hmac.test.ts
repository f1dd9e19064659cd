import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hmacSha256 } from "../../../src/wire/hmac.ts";

describe("hmacSha256", () => {
  it("gives what RFC 4231 has, for keys shorter and longer than a block", () => {
    const short = hmacSha256(Buffer.from("Jefe"), Buffer.from("what do ya want for nothing?"));
    expect(short.toString("hex")).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const text = "Test Using Larger Than Block-Size Key - Hash Key First";
    const long = hmacSha256(Buffer.alloc(131, 0xaa), Buffer.from(text));
    expect(long.toString("hex")).toBe("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  });

  it("gives what node:crypto gives, for a message in any parts", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (key, head, tail) => {
        const expected = createHmac("sha256", key).update(head).update(tail).digest();
        expect(hmacSha256(key, head, tail)).toEqual(expected);
      }),
    );
  });
});
