import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeBase32 } from "../../../../src/peer/ticket/base32.ts";
import {
  decodeTicket,
  encodeTicket,
  isTicket,
  maxTicketLength,
  type Ticket,
} from "../../../../src/peer/ticket/ticket.ts";

const pinOf = (byte: number): string => `sha256/${Buffer.alloc(32, byte).toString("base64")}`;

const ticket: Ticket = {
  relay: "https://relay.example:4433/relay",
  relayPin: pinOf(1),
  name: "bob",
  pin: pinOf(2),
  token: "eyJh.eyJq.c2ln",
  seed: new Uint8Array(32).fill(3),
};

/** What encodeTicket gives for it, as docs/protocol.md has the bytes. */
const vector =
  "quicpipe1aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcambqgaydambqgaydambqgaydambqgaydambqgaydambqgaydambqagdsmvwgc6jomv4gc3lqnrstunbugmzs64tfnrqxsaadmjxweaadpmrgcaadpmrguaadonuwoszloxda";

/** A ticket with this body and the right checksum. */
function sealed(body: Uint8Array): string {
  const check = createHash("sha256").update("quicpipe1").update(body).digest().subarray(0, 4);
  return `quicpipe1${encodeBase32(Buffer.concat([body, check]))}`;
}

const field = (text: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
};

/** The body of a ticket that says whom to trust by a CA. */
function bodyWith({
  kind = 0,
  relay = "r.example",
  name = "bob",
  parts = ["a", "b", "c"],
  rest = "",
}): Buffer {
  const fields = [relay, name, ...parts].map(field);
  return Buffer.concat([Buffer.of(kind), Buffer.alloc(64, 7), ...fields, Buffer.from(rest)]);
}

const code = "ERR_QUICPIPE_TICKET_INVALID";

describe("a ticket", () => {
  it("is one word of letters and digits, which a double click selects", () => {
    expect(encodeTicket(ticket)).toBe(vector);
    expect(vector).toMatch(/^quicpipe1[a-z2-7]+$/);
    expect(decodeTicket(vector)).toEqual(ticket);
  });

  it("has no pin of the relay where a public CA vouches for it", () => {
    const { relayPin: _, ...others } = ticket;
    const text = encodeTicket({ ...others, relayPin: undefined });
    expect(decodeTicket(text)).toEqual({ ...ticket, relayPin: undefined });
    expect(text.length).toBeLessThan(vector.length);
  });

  it("has room for the longest names and URL, and no more", () => {
    const longest = { ...ticket, name: "é".repeat(128), relay: `https://r.example/${"p".repeat(900)}` };
    expect(decodeTicket(encodeTicket(longest))).toEqual(longest);
    expect(encodeTicket(longest).length).toBeLessThan(maxTicketLength);
    const tooLong = { ...ticket, relay: `https://r.example/${"p".repeat(1100)}` };
    expect(() => encodeTicket(tooLong)).toThrow("too long");
    expect(() => decodeTicket(`quicpipe1${"a".repeat(maxTicketLength)}`)).toThrow("longer than 4096");
  });

  it("is refused with any character changed, left out or added", () => {
    for (let at = 0; at < vector.length; at++) {
      const other = vector[at] === "a" ? "b" : "a";
      for (const text of [
        vector.slice(0, at) + other + vector.slice(at + 1),
        vector.slice(0, at) + vector.slice(at + 1),
        vector.slice(0, at),
        vector.slice(0, at) + vector[at]! + vector.slice(at),
        vector.slice(0, at) + vector[at]!.toUpperCase() + vector.slice(at + 1),
      ])
        // A digit has no upper case.
        if (text !== vector) expect(() => decodeTicket(text)).toThrow(expect.objectContaining({ code }));
    }
  });

  it.each([
    ["another kind of trust", bodyWith({ kind: 2 })],
    ["a URL with a query", bodyWith({ relay: "r.example/?a" })],
    ["a URL with a user", bodyWith({ relay: "a@r.example" })],
    ["a URL that is written otherwise", bodyWith({ relay: "R.example:443" })],
    ["a URL that ends in a slash", bodyWith({ relay: "r.example/" })],
    ["no host", bodyWith({ relay: ":1" })],
    ["a name that is none", bodyWith({ name: ".." })],
    ["an empty part", bodyWith({ parts: ["a", "", "c"] })],
    ["a part too few", bodyWith({ parts: ["a", "b"] })],
    ["something after its end", bodyWith({ rest: "x" })],
    ["no body", Buffer.of(0)],
  ])("is refused with %s, though its checksum is right", (_name, body) => {
    expect(decodeTicket(sealed(bodyWith({}))).name).toBe("bob");
    expect(() => decodeTicket(sealed(body))).toThrow(expect.objectContaining({ code }));
  });

  it("is refused where a name is not well-formed UTF-8", () => {
    const body = Buffer.concat([
      Buffer.alloc(65, 0),
      field("r.example"),
      field(Uint8Array.of(0xff)),
      field("a"),
    ]);
    expect(() => decodeTicket(sealed(body))).toThrow("no text");
  });

  it("is shown in no error, whatever is wrong with it", () => {
    for (const text of [`${vector}a`, vector.slice(1), vector.slice(0, -3), vector.toUpperCase()]) {
      const error = (() => {
        try {
          return decodeTicket(text);
        } catch (fault) {
          return fault;
        }
      })();
      expect(error).toMatchObject({ code });
      expect(JSON.stringify([String(error), (error as { details: unknown }).details])).not.toContain(
        vector.slice(20, 40),
      );
    }
  });

  it("is told from a name, however it was cut", () => {
    for (const text of [vector, vector.slice(0, 40)]) expect(isTicket(text)).toBe(true);
    for (const text of ["quicpipe1", "quicpipe10", "bob"]) expect(isTicket(text)).toBe(false);
  });
});
