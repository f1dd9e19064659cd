import { expect, it } from "vitest";
import type { NativeConfig, NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { openSocket } from "../../harness/udp-peer.ts";
import { createNativeSeen, describeNative, requireAddon } from "./rig.ts";
import { createHarness } from "../rig.ts";

/** Values of each kind that an argument may be of, and of none. */
const samples: Readonly<Record<string, readonly unknown[]>> = {
  number: [1],
  text: ["127.0.0.1"],
  truth: [true],
  bigint: [1n],
  function: [() => undefined],
  bytes: [new Uint8Array(12)],
  words: [new BigInt64Array(1)],
  other: [
    {},
    [],
    Symbol("x"),
    Number.NaN,
    new BigUint64Array(1),
    new BigInt64Array(0),
    new DataView(new ArrayBuffer(8)),
  ],
};

/** What is of another kind than a value that is right. */
function wrongFor(right: unknown): unknown[] {
  return Object.entries(samples).flatMap(([kind, values]) => (kind === kindOf(right) ? [] : values));
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof BigInt64Array) return "words";
  return { string: "text", boolean: "truth" }[typeof value as string] ?? typeof value;
}

/** The code that a call threw, if it threw. */
function codeOf(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** Arguments that each method takes, of a session that is open. */
function argumentsFor(session: number, bucket: number): Partial<Record<keyof NativeHandle, unknown[]>> {
  const address = ["127.0.0.1", 9];
  const local = "127.0.0.1";
  return {
    openBucket: [1000, 1000],
    shapeBucket: [bucket, 1000, 1000],
    bucketMissingMs: [bucket],
    closeBucket: [bucket],
    openSession: [new Uint8Array(12), ...address, bucket, 1, local],
    setUsername: [session, new Uint8Array(12)],
    setRoutes: [session, new Uint8Array(12)],
    setAddress: [session, ...address, local],
    setBucket: [session, bucket],
    setExpiry: [session, 1],
    closeSession: [session],
    isOpen: [session],
    sessionOf: [new Uint8Array(12)],
    sessionAt: address,
    setInitialRoute: [new Uint8Array(12), session, session, 1],
    deleteInitialRoute: [new Uint8Array(12)],
    clientOf: ["127.0.0.1"],
    reply: [new Uint8Array(12), ...address, local],
    signNonce: [1, ...address, local],
    deliver: [1],
  };
}

/** Opens with each member of a part of the configuration wrong. */
function openWrong(part: object, open: (changed: object) => NativeHandle): void {
  for (const [name, value] of Object.entries(part))
    for (const wrong of value === undefined ? [] : wrongFor(value)) {
      const code = codeOf(() => open({ ...part, [name]: wrong }).close());
      expect(code, `${name}: ${String(wrong)}`).toBe("EINVAL");
    }
}

describeNative("an argument of a wrong type", () => {
  let handle: NativeHandle;
  let config: NativeConfig;
  const harness = createHarness(
    createNativeSeen((seen, given) => {
      handle = seen;
      config = given;
    }),
  );

  it("makes each method throw EINVAL", async () => {
    const { register } = await harness.open();
    const session = register({ address: "127.0.0.1", port: 9 }, 0x11);
    const takes = argumentsFor(session as unknown as number, handle.openBucket(1000, 1000));
    const inKernel = new Set(["attach", "detach", "setLocalAddresses", "setRedirectTargets"]);
    const others = Object.entries(Object.getOwnPropertyDescriptors(handle)).filter(
      ([name, { get }]) => !get && !(name in takes) && !inKernel.has(name),
    );
    expect(others.map(([name]) => name)).toEqual(["address", "sweep", "ref", "unref", "close"]);
    for (const [name, right] of Object.entries(takes))
      for (const [i, value] of right.entries())
        for (const wrong of wrongFor(value)) {
          const call = (): unknown =>
            Reflect.apply(Reflect.get(handle, name) as () => void, handle, right.with(i, wrong));
          expect(codeOf(call), `${name}, argument ${i}: ${String(wrong)}`).toBe("EINVAL");
        }
  });

  it("makes `open` throw EINVAL", async () => {
    const upstream = (await openSocket()).address();
    await harness.open({ upstream });
    const { open } = requireAddon();
    for (const wrong of [...Object.values(samples).flat(), undefined, null])
      expect(
        codeOf(() => open(wrong as never).close()),
        String(wrong),
      ).toBe("EINVAL");
    const whole = { ...config, clock: new BigInt64Array(1) };
    openWrong(whole, (changed) => open(changed as NativeConfig));
    openWrong(config.places, (places) => open({ ...whole, places: places as NativeConfig["places"] }));
    openWrong(config.stun, (stun) => open({ ...whole, stun: stun as NativeConfig["stun"] }));
    for (const name of ["port", "upstreamPort"])
      expect(
        codeOf(() => open({ ...whole, [name]: 65_536 }).close()),
        name,
      ).toBe("EINVAL");
    openWrong({ maxRoutes: 1, pin: "/" }, (kernel) =>
      open({ ...whole, kernel: kernel as NonNullable<NativeConfig["kernel"]> }),
    );
  });
});
