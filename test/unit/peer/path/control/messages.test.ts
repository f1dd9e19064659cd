import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NatReport } from "../../../../../src/peer/nat/report.ts";
import {
  type Candidate,
  type CandidateList,
  type ControlMessage,
  encodeMessage,
  type Hello,
  parseMessage,
} from "../../../../../src/peer/path/control/messages.ts";
import { directPolicies, relayReasons } from "../../../../../src/peer/path/policy.ts";
import { formatIp, plainIp } from "../../../../../src/wire/address.ts";

const hello: Hello = {
  type: "hello",
  version: 1,
  policy: "auto",
  maxCandidates: 8,
  searches: true,
};

function listOf(nat: NatReport, candidates: readonly Candidate[] = []): CandidateList {
  return { type: "candidates", generation: 5, candidates, nat };
}

/** Type and body of an encoded message that is shorter than 64 bytes. */
function bodyOf(message: ControlMessage): [type: number, body: Buffer] {
  const bytes = Buffer.from(encodeMessage(message));
  expect(bytes[1]).toBe(bytes.length - 2);
  return [bytes[0]!, bytes.subarray(2)];
}

function wireOf(message: ControlMessage): string {
  return Buffer.from(encodeMessage(message)).toString("hex");
}

function comeBack(message: ControlMessage): void {
  const bytes = Buffer.from(encodeMessage(message));
  const body = bytes.subarray(bytes[1]! < 64 ? 2 : 3);
  expect(parseMessage(bytes[0]!, body)).toEqual(message);
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

const ip = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((bytes) => plainIp(formatIp(bytes)));
const candidate: fc.Arbitrary<Candidate> = fc.record({
  kind: fc.constantFrom("host", "reflexive", "mapped"),
  address: fc.record({ address: ip, port: fc.nat(65_535) }),
});

/** A candidate on the wire, as hexadecimal digits. */
function hostOf(port: number): string {
  return `00 06 c0000202 ${port.toString(16).padStart(4, "0")}`;
}

describe("control messages", () => {
  it("are on the wire as the protocol says", () => {
    const candidates: Candidate[] = [
      { kind: "mapped", address: { address: "192.0.2.1", port: 258 } },
      { kind: "host", address: { address: "2001:db8::1", port: 4433 } },
    ];
    expect(wireOf(hello)).toBe("010401020801");
    const list = "05020206c00002010102001220010db80000000000000000000000011151";
    expect(wireOf(listOf({ kind: "random" }, candidates))).toBe(`021f${list}03`);
    const ports = { base: 40_000, step: -2 };
    expect(wireOf(listOf({ kind: "sequential", ports }, candidates))).toBe(`0225${list}0280009c400201`);
    expect(wireOf(listOf({ kind: "sequential" }, candidates))).toBe(`0222${list}02000000`);
    expect(wireOf({ type: "punch", round: 64, mode: "normal" })).toBe("0303404000");
    expect(wireOf({ type: "path", kind: "relay", reason: "checks-timeout" })).toBe("04020007");
    expect(wireOf({ type: "path", kind: "direct" })).toBe("04020100");
    expect(wireOf({ type: "gone" })).toBe("0600");
  });

  it("come back as they were written, with every policy, kind of NAT and reason", () => {
    for (const policy of directPolicies) comeBack({ ...hello, policy });
    for (const searches of [false, true]) comeBack({ ...hello, searches });
    for (const mode of ["normal", "search"] as const) comeBack({ type: "punch", round: 7, mode });
    for (const kind of ["unknown", "endpoint-independent", "sequential", "random"] as const)
      comeBack(listOf({ kind }));
    for (const step of [-16, -1, 1, 16])
      comeBack(listOf({ kind: "sequential", ports: { base: 65_535, step } }));
    for (const reason of [undefined, ...relayReasons]) comeBack({ type: "path", kind: "relay", reason });
    comeBack({ type: "path", kind: "direct", reason: undefined });
    comeBack({ type: "punch", round: 2 ** 32 - 1, mode: "normal" });
    comeBack({ type: "gone" });
  });

  it("come back with any candidates, of which 8 are told", () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(candidate, { maxLength: 8 }), (generation, candidates) => {
        comeBack({ ...listOf({ kind: "unknown" }, candidates), generation });
      }),
    );
  });

  it("have a secret that does not keep their bytes", () => {
    const [type, body] = bodyOf(hello);
    const parsed = parseMessage(type, body);
    body.fill(0);
    expect(parsed).toEqual(hello);
  });

  it("are read without the fields that a later version adds", () => {
    for (const message of [hello, { type: "gone" }, { type: "punch", round: 1, mode: "normal" }] as const) {
      const [type, body] = bodyOf(message);
      expect(parseMessage(type, Buffer.concat([body, Buffer.from("later")]))).toEqual(message);
    }
  });

  it("are skipped if their type is unknown or reserved", () => {
    for (const type of [0, 5, 7, 1000]) expect(parseMessage(type, Buffer.from("any"))).toBeUndefined();
  });

  it("are malformed if a field is cut short", () => {
    const candidates: Candidate[] = [{ kind: "host", address: { address: "192.0.2.1", port: 1 } }];
    for (const message of [
      hello,
      listOf({ kind: "sequential", ports: { base: 1, step: 1 } }, candidates),
      { type: "punch", round: 1, mode: "normal" },
      { type: "path", kind: "relay" },
    ] as const) {
      const [type, body] = bodyOf(message);
      for (let end = 0; end < body.length; end++)
        expect(parseMessage(type, body.subarray(0, end))).toBe("malformed");
    }
  });

  it("are malformed with a count over 32 bits", () => {
    expect(parseMessage(3, hex("c000000100000000 00"))).toBe("malformed");
    expect(parseMessage(2, hex("00 ffffffffffffffff"))).toBe("malformed");
  });

  it("have the most careful meaning where a value is of a later version", () => {
    const [type, body] = bodyOf(hello);
    body.set([9, 8, 9], body.length - 3);
    expect(parseMessage(type, body)).toMatchObject({ policy: "never", searches: false });
    expect(parseMessage(2, hex("01 00 09"))).toMatchObject({ nat: { kind: "unknown" } });
    expect(parseMessage(3, hex("0109"))).toMatchObject({ mode: "normal" });
    expect(parseMessage(4, hex("093f"))).toEqual({ type: "path", kind: "relay", reason: undefined });
  });

  it("leave out candidates of a kind or family of a later version", () => {
    const body = hex("01 03 09 06 c0000201 0001 00 03 aabbcc 00 06 c0000202 0002 00");
    const candidates: Candidate[] = [{ kind: "host", address: { address: "192.0.2.2", port: 2 } }];
    expect(parseMessage(2, body)).toEqual({ ...listOf({ kind: "unknown" }, candidates), generation: 1 });
  });

  it("have the first 8 of more candidates, and what follows them", () => {
    const many = Array.from({ length: 300 }, (_, index) => hostOf(index + 1)).join("");
    const list = parseMessage(2, hex(`05 412c ${many} 03`));
    expect(list).toMatchObject({ generation: 5, nat: { kind: "random" } });
    const ports = (list as CandidateList).candidates.map(({ address }) => address.port);
    expect(ports).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(parseMessage(2, hex(`05 412c ${many}`))).toBe("malformed");
    expect(parseMessage(2, hex(`05 09 ${many.slice(0, 8 * hostOf(1).length)} 00 4fff 00`))).toBe("malformed");
  });

  it("have no ports of a sequential NAT that are no ports, or that no step leads to", () => {
    for (const ports of ["80010000 01 00", "8000ffff 00 00", "8000ffff 11 00"])
      expect(parseMessage(2, hex(`01 00 02 ${ports}`))).toHaveProperty("nat", { kind: "sequential" });
  });

  it("have an IPv4-mapped candidate as plain IPv4", () => {
    const body = hex("01 01 00 12 00000000000000000000ffff7f000001 0001 00");
    expect(parseMessage(2, body)).toMatchObject({ candidates: [{ address: { address: "127.0.0.1" } }] });
  });

  it("are parsed from any bytes without an exception", () => {
    fc.assert(
      fc.property(fc.nat(8), fc.uint8Array({ maxLength: 80 }), (type, body) => {
        const message = parseMessage(type, body);
        expect(["undefined", "string", "object"]).toContain(typeof message);
      }),
    );
  });
});
