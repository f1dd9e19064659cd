import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { decodeBase32, encodeBase32 } from "../../../../src/peer/ticket/base32.ts";

it("is that of RFC 4648 §10, in lower case and without padding", () => {
  const vectors = {
    f: "my",
    fo: "mzxq",
    foo: "mzxw6",
    foob: "mzxw6yq",
    fooba: "mzxw6ytb",
    foobar: "mzxw6ytboi",
  };
  for (const [text, encoded] of Object.entries(vectors)) {
    expect(encodeBase32(Buffer.from(text))).toBe(encoded);
    expect(Buffer.from(decodeBase32(encoded)!).toString()).toBe(text);
  }
});

it("gives any bytes back", () => {
  for (let length = 0; length < 100; length++) {
    const bytes = Uint8Array.from(randomBytes(length));
    expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes);
  }
});

it.each(["MY", "m", "mz", "mzxq====", "mzxr", "mzx q", "mzx1", "mzxw6yqaa", "é"])(
  "decodes no other text: %j",
  (text) => {
    expect(decodeBase32(text)).toBeUndefined();
  },
);
