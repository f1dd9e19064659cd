import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  readCounters,
  readExpiry,
  readFirst,
  readTotals,
  sampleCounters,
  totalNames,
} from "../../../src/xdp/abi.ts";

interface Struct {
  readonly bytes: string;
}

/** What C wrote through the structs of bpf/abi.h. */
const abi = JSON.parse(readFileSync(new URL("../../fixtures/abi.json", import.meta.url), "utf8")) as {
  readonly enumerators: Readonly<Record<string, number>>;
  readonly qp_processor: Struct & { readonly fields: { readonly totals: readonly string[] } };
  readonly qp_session_state: Struct & {
    readonly fields: {
      readonly counters: readonly string[];
      readonly expires_at_ns: string;
      readonly first_at_ns: string;
    };
  };
};

/** Two states, of which the second is C's. */
function states(): BigUint64Array {
  const state = Buffer.from(abi.qp_session_state.bytes, "hex");
  const both = Uint8Array.from([...new Uint8Array(state.length), ...state]);
  return new BigUint64Array(both.buffer);
}

describe("readCounters", () => {
  it("reads a session's counters where C put them, and adds the kernel's packets to user space's", () => {
    const counters = abi.qp_session_state.fields.counters.map(Number);
    const { packetsTo, ...others } = readCounters(states(), 1);
    expect(packetsTo).toBe(counters[2]! + counters[5]!);
    expect(Object.values(others)).toEqual(counters.toSpliced(2, 1));
    expect(Object.values(readCounters(states(), 0))).toEqual(counters.map(() => 0));
  });

  it("calls them by the names of C", () => {
    const names = Object.keys(readCounters(states(), 1));
    expect(names.map((name) => abi.enumerators[`QP_${upperSnake(name)}`])).toEqual(names.map((_, i) => i));
  });
});

describe("sampleCounters", () => {
  it("reads the same figures of many sessions, both ways together", () => {
    const into = new Float64Array(7).fill(-1);
    sampleCounters(states(), Uint32Array.of(1, 0), into);
    const c = readCounters(states(), 1);
    const moved = [c.packetsFrom + c.packetsTo, c.bytesFrom + c.bytesTo, c.packetsOffloaded];
    expect([...into]).toEqual([...moved, 0, 0, 0, -1]);
  });

  it("reads words over 32 bits whole", () => {
    const words = new BigUint64Array(32);
    words[16 + abi.enumerators["QP_BYTES_TO"]!] = 2n ** 52n + 2n ** 31n + 1n;
    const into = new Float64Array(3);
    sampleCounters(words, Uint32Array.of(1), into);
    expect([...into]).toEqual([0, 2 ** 52 + 2 ** 31 + 1, 0]);
  });
});

describe("readFirst", () => {
  it("reads when the first packet was let through where C put it", () => {
    expect(readFirst(states(), 1)).toBe(BigInt(abi.qp_session_state.fields.first_at_ns));
    expect(readFirst(states(), 0)).toBe(0n);
  });
});

describe("readExpiry", () => {
  it("reads the end of a session's life, to the nanosecond", () => {
    expect(readExpiry(states(), 1)).toBe(BigInt(abi.qp_session_state.fields.expires_at_ns));
    expect(readExpiry(states(), 0)).toBe(0n);
  });
});

describe("readTotals", () => {
  it("knows each total of C by its name", () => {
    expect(totalNames.map((name) => abi.enumerators[`QP_TOTAL_${upperSnake(name)}`])).toEqual(
      totalNames.map((_, i) => i),
    );
    expect(totalNames).toHaveLength(abi.enumerators["QP_TOTALS"]!);
  });

  it("adds them up over the processors, where C put them on each", () => {
    const { fields, bytes } = abi.qp_processor;
    const processor = new BigUint64Array(new Uint8Array(Buffer.from(bytes, "hex")).buffer);
    const sums = Object.fromEntries(totalNames.map((name, i) => [name, 3 * Number(fields.totals[i])]));
    expect(readTotals(BigUint64Array.from([...processor, ...processor, ...processor]))).toEqual(sums);
  });
});

function upperSnake(name: string): string {
  return name
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .replace("-", "_")
    .toUpperCase();
}
