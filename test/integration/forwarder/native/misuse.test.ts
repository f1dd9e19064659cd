import { expect, it } from "vitest";
import type { XdpOptions } from "../../../../src/forwarder/index.ts";
import type { NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { itWith } from "../../harness/requirement.ts";
import { createNativeSeen, describeNative, requireAddon } from "./rig.ts";
import { createHarness } from "../rig.ts";
import { openPeer } from "../../harness/udp-peer.ts";
import { encodeBindingRequest } from "../../../../src/wire/stun-binding.ts";

const detached = new Uint8Array(12);
structuredClone(detached, { transfer: [detached.buffer] });

/** What no TypeScript would let through, and what it would. */
const oddities: readonly unknown[] = [
  undefined,
  null,
  true,
  "x".repeat(100),
  "127.0.0.1",
  Number.NaN,
  -1,
  0,
  65_536,
  2 ** 32,
  Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1n,
  {},
  [],
  new Uint8Array(0),
  new Uint8Array(5),
  new Uint8Array(12),
  new BigInt64Array(1),
  detached,
];

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The methods of a handle but `close`, by their names. */
function methodsOf(handle: NativeHandle): [string, Method][] {
  const members = Object.entries(Object.getOwnPropertyDescriptors(handle));
  return members.flatMap(([name, { value, get }]): [string, Method][] =>
    name === "close" ? [] : [[name, (value ?? get) as Method]],
  );
}

/** What a call threw, if it did. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describeNative("a call that the addon cannot make sense of", () => {
  let handle: NativeHandle;
  const harness = createHarness(createNativeSeen((seen) => (handle = seen)));

  it("throws where `this` is no handle", async () => {
    await harness.open();
    for (const [name, method] of methodsOf(handle))
      expect(
        thrownBy(() => method.call({})),
        name,
      ).toMatchObject({ code: "EINVAL" });
  });

  function callWithOddities(): void {
    for (const [name, method] of methodsOf(handle))
      for (const odd of oddities)
        for (const args of [
          [odd],
          [0, odd, odd, odd, odd, odd],
          [new Uint8Array(12), odd, odd, odd, odd, odd],
        ]) {
          const error = thrownBy(() => method.apply(handle, args));
          expect(error === undefined || error instanceof Error, `${name}: ${String(error)}`).toBe(true);
        }
    expect(handle.sessions).toBeGreaterThanOrEqual(0);
  }

  it("throws or does something harmless, whatever its arguments are", async () => {
    const { register } = await harness.open();
    register({ address: "127.0.0.1", port: 9 }, 0x11);
    callWithOddities();
  });

  itWith("xdp")("does so where the kernel has tables as well", async () => {
    // Nothing is attached there, but the tables are made.
    const xdp: XdpOptions = {
      option: { interfaces: ["lo"] },
      maxRoutes: 100,
      onChange: () => undefined,
      onRemoved: () => undefined,
    };
    const { register } = await harness.open({ xdp });
    register({ address: "127.0.0.1", port: 9 }, 0x11);
    expect(handle.kernelError).toBeUndefined();
    callWithOddities();
  });

  it("throws where the address to look up is missing", async () => {
    await harness.open();
    for (const address of [null, undefined])
      expect(thrownBy(() => handle.sessionAt(address as never, 9))).toMatchObject({ code: "EINVAL" });
  });

  it("opens nothing", () => {
    for (const odd of oddities)
      expect(thrownBy(() => requireAddon().open(odd as never))).toBeInstanceOf(Error);
  });
});

describeNative("a callback that throws", () => {
  const heard: number[] = [];
  let handle: NativeHandle;
  const onStun = (datagram: Uint8Array): void => {
    heard.push(datagram.at(-1)!);
    if (heard.length === 1) throw new RangeError("the first");
  };
  const create = createNativeSeen((seen) => (handle = seen), { onStun, onUpcalls: () => undefined });
  const harness = createHarness(create);

  it("leaves what came after for the next call", async () => {
    const { ipv4 } = await harness.open();
    const peer = await openPeer("127.0.0.1");
    for (let last = 1; last <= 3; last++)
      peer.send(encodeBindingRequest({ transactionId: new Uint8Array(12).fill(last) }), ipv4);
    await expect.poll(() => thrownBy(() => handle.deliver(64))).toMatchObject({ message: "the first" });
    await expect.poll(() => (handle.deliver(64), heard.length)).toBe(3);
    expect(handle.deliver(64)).toBe(false);
  });
});
