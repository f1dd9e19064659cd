import { describe, expect, it } from "vitest";
import { parsePinFolder, pinFolder, removeStalePins } from "../../../src/xdp/pin-folders.ts";
import { createLink, FakeSystem } from "./fakes.ts";

const root = "/sys/fs/bpf/quicpipe";

describe("pinFolder", () => {
  it.each([
    ["192.0.2.1", "7_192-0-2-1_4433"],
    ["::ffff:192.0.2.1", "7_192-0-2-1_4433"],
    ["2001:DB8:0::1", "7_2001:db8::1_4433"],
    ["::", "7_::_4433"],
  ])("names the folder of %s %s, and the name can be read", (address, name) => {
    expect(pinFolder(7, { address, port: 4433 })).toBe(`${root}/${name}`);
    const plain = address.replace("::ffff:", "").replace("DB8:0", "db8");
    expect(parsePinFolder(name)).toEqual({ namespace: 7, address: plain, port: 4433 });
  });

  it.each(["4433", "notes", "7__4433", "x_::_4433"])("takes %s for no name of its own", (name) => {
    expect(parsePinFolder(name)).toBeUndefined();
  });
});

describe("removeStalePins", () => {
  const names = [
    "4026531840_192-0-2-1_4433",
    "4026531840_192-0-2-2_4433",
    "4026531840_2001:db8::1_4433",
    "4026531840_0-0-0-0_4433",
    "4026531840_::_4433",
    "4026531840_192-0-2-1_4434",
    "4026532200_192-0-2-1_4433",
    "notes",
  ];

  it.each<[string, readonly number[]]>([
    ["192.0.2.1", [0, 3, 4]],
    ["::ffff:192.0.2.1", [0, 3, 4]],
    ["2001:db8::1", [2, 4]],
    ["0.0.0.0", [0, 1, 3, 4]],
    ["::", [0, 1, 2, 3, 4]],
    ["127.0.0.1", [3, 4]],
  ])(
    "removes, for a relay at %s, those of its port and network namespace that get its packets",
    (address, indexes) => {
      const system = new FakeSystem();
      system.folders.push(...names);
      const removed = indexes.map((index) => `${root}/${names[index]}`);
      expect(removeStalePins({ address, port: 4433 }, undefined, system)).toEqual({ removed, refusals: [] });
    },
  );

  it("keeps the relay's own", () => {
    const system = new FakeSystem();
    system.folders.push(...names);
    const kept = `${root}/${names[2]}`;
    removeStalePins({ address: "2001:db8::1", port: 4433 }, kept, system);
    expect(system.removed).toEqual([`${root}/${names[4]}`]);
  });

  it("says why it cannot remove some", () => {
    const system = new FakeSystem();
    system.folders.push(names[0]!);
    system.removalRefusal = "another process has it";
    expect(removeStalePins({ address: "192.0.2.1", port: 4433 }, undefined, system)).toEqual({
      removed: [],
      refusals: [
        `what an earlier relay pinned in ${root}/${names[0]} is in the way, and another process has it`,
      ],
    });
  });

  it.each<[string, string, number, readonly string[]]>([
    ["the address of the relay, attached here", "192.0.2.1", 9, [`${root}/4433`]],
    ["another address", "192.0.2.2", 9, []],
    ["the address of the relay, attached elsewhere", "192.0.2.1", 8, []],
  ])(
    "removes a folder named after the port alone if its program has %s: %s, %i",
    (_, address, id, removed) => {
      const system = new FakeSystem();
      system.put(createLink({ program: { id: 9, mode: "native" } }));
      system.folders.push("4433", "4434");
      for (const name of system.folders)
        system.pinned.set(`${root}/${name}`, { programId: id, addresses: ["192.0.2.1"] });
      removeStalePins({ address, port: 4433 }, undefined, system);
      expect(system.removed).toEqual(removed);
    },
  );

  it("leaves an empty folder that is named after the port alone", () => {
    const system = new FakeSystem();
    system.folders.push("4433");
    removeStalePins({ address: "::", port: 4433 }, undefined, system);
    expect(system.removed).toEqual([]);
  });
});
