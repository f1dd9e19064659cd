import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SystemCalls } from "../../../src/xdp/contract.ts";
import { createXdpSystem, isInitialUserNamespace, parseCapabilities } from "../../../src/xdp/system.ts";
import { createLink, systemError } from "./fakes.ts";

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-system-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function fail(code: string): never {
  throw systemError(code);
}

describe("createXdpSystem", () => {
  const removed: string[] = [];
  const calls: SystemCalls = {
    links: () => [createLink()],
    readPins: () => fail("ENOENT"),
    removePins: (folder) => void removed.push(folder),
  };
  const system = createXdpSystem(calls);

  it("hands on the links, and this machine's addresses by the interface's name", () => {
    expect(system.links()).toEqual([createLink()]);
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address));
    expect([...system.addresses().values()].flat().sort()).toEqual(addresses.sort());
  });

  it("knows nothing of a setting that is not there", () => {
    expect(system.setting("net/ipv4/conf/no such interface/forwarding")).toBeUndefined();
  });

  it("takes no other file system for a bpf file system, nor a path that is not there", () => {
    expect(system.isInBpfFileSystem(join(createFolder(), "not", "there"))).toBe(false);
  });

  it("makes a folder for this user alone, and says why there can be none", () => {
    const folder = join(createFolder(), "relays", "4433");
    expect(system.claimFolder(folder)).toBeUndefined();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, "file"), "");
    expect(system.claimFolder(join(folder, "file", "below"))).toBe("cannot be made (ENOTDIR)");
  });

  it("names what is in a folder, and nothing of one that is not there", () => {
    const folder = createFolder();
    mkdirSync(join(folder, "4433"));
    expect(system.namesIn(folder)).toEqual(["4433"]);
    expect(system.namesIn(join(folder, "nowhere"))).toEqual([]);
  });

  it("removes pins in a folder of this user alone, and says why it cannot", () => {
    const folder = join(createFolder(), "4433");
    mkdirSync(folder, { mode: 0o700 });
    expect(system.removePins(folder)).toBeUndefined();
    expect(removed).toEqual([folder]);
    const refusing = (code: string): string | undefined =>
      createXdpSystem({ ...calls, removePins: () => fail(code) }).removePins(folder);
    expect(refusing("EAGAIN")).toBe("another process has it");
    expect(refusing("ENOTEMPTY")).toBe("cannot be removed (ENOTEMPTY)");
  });

  it("knows no interface and no pins without the addon", () => {
    const plain = createXdpSystem(undefined);
    const folder = join(createFolder(), "4433");
    expect(plain.links()).toEqual([]);
    expect(plain.readPins(folder)).toBeUndefined();
    expect(plain.removePins(folder)).toBe("only the native addon removes it");
  });

  it("does not remove pins in a folder that others can write to, and says so", () => {
    const folder = join(createFolder(), "4433");
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    expect(system.removePins(folder)).toBe(
      `is left alone: it has the mode 0777, not 0700 (run \`chmod 700 ${folder}\`)`,
    );
    expect(removed).not.toContain(folder);
  });
});

describe("parseCapabilities", () => {
  it("reads the effective ones, all 64 bits", () => {
    const status = "Name:\tnode\nCapPrm:\t0000000000000001\nCapEff:\t8000008000001000\nCapBnd:\t0\n";
    expect(parseCapabilities(status)).toBe((1n << 63n) | (1n << 39n) | (1n << 12n));
  });

  it("finds none where the status names none", () => {
    expect(parseCapabilities("")).toBe(0n);
  });
});

describe("isInitialUserNamespace", () => {
  it("tells the initial one by its whole range, or by there being no others", () => {
    expect(isInitialUserNamespace("         0          0 4294967295\n")).toBe(true);
    expect(isInitialUserNamespace(undefined)).toBe(true);
    expect(isInitialUserNamespace("         0       1000          1\n")).toBe(false);
    expect(isInitialUserNamespace("0 0 1\n1 100000 65536")).toBe(false);
  });
});
