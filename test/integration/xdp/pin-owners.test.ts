import { readdirSync } from "node:fs";
import { describe, expect } from "vitest";
import { type BpfMount, mountBpfForRelays } from "./rig/bpf-file-system.ts";
import { itWith } from "../harness/requirement.ts";
import { createTwoArmed, type Network, relayForBob } from "./rig/network.ts";
import {
  openRemoteForwarder,
  programOn,
  type RemoteForwarder,
  type RemoteOptions,
} from "./rig/remote-forwarder.ts";

const itPins = itWith("native", "xdp");

interface Relays extends Network {
  readonly mount: BpfMount;
  /** Opens a relay beside alice's interface, unless said elsewhere. */
  open(options: RemoteOptions, where?: Network["relay"]): Promise<RemoteForwarder>;
  /** The program on alice's interface. */
  program(): number | undefined;
}

async function createRelays(): Promise<Relays> {
  const network = createTwoArmed();
  const mount = await mountBpfForRelays();
  return {
    ...network,
    mount,
    open: (options, where = network.relay) => openRemoteForwarder(where, { ...options, mount }),
    program: () => programOn(network.relay, "to-alice"),
  };
}

const host = "192.0.2.1";
const pinned: RemoteOptions = { host, xdp: { pin: true } };

async function kill({ child }: RemoteForwarder): Promise<void> {
  child.process.kill("SIGKILL");
  await child.exited;
}

/** The folders of pins that hold any, with the number of their pins. */
function pinsIn({ folder }: BpfMount): Record<string, number> {
  const path = `${folder}/quicpipe`;
  return Object.fromEntries(readdirSync(path).map((name) => [name, readdirSync(`${path}/${name}`).length]));
}

describe("the pins of a relay", () => {
  itPins("stay while relays start on the same port at other addresses, and after it was killed", async () => {
    const { mount, open, program } = await createRelays();
    const one = await open(pinned);
    const [pins, id] = [pinsIn(mount), program()];
    expect(Object.values(pins)).toEqual([11]);
    for (const other of [relayForBob.ipv4, "127.0.0.1"]) await open({ host: other });
    expect(pinsIn(mount)).toEqual(pins);
    await kill(one);
    await (await open({ host: "127.0.0.2" })).close();
    expect(pinsIn(mount)).toEqual(pins);
    expect(program()).toBe(id);
    await open(pinned);
    expect(program()).toBe(id);
  });

  itPins("are neither removed nor adopted by a relay in another network namespace", async () => {
    const { bob, mount, open, program } = await createRelays();
    const one = await open(pinned);
    const [pins, id] = [pinsIn(mount), program()];
    await kill(one);
    bob.ip("address", "add", `${host}/32`, "dev", "lo");
    await (await open({ host }, bob)).close();
    const other = await open(pinned, bob);
    expect((await other.call("xdp")).pin).toMatch(/^\/sys\/fs\/bpf\/quicpipe\/\d+_192-0-2-1_4433$/);
    expect(pinsIn(mount)).toMatchObject(pins);
    expect(program()).toBe(id);
    await open(pinned);
    expect(program()).toBe(id);
  });

  itPins.for<[string, string]>([
    ["its own address", host],
    ["all addresses", "::"],
  ])("are removed by the next relay that starts without them at %s, which is said once", async ([, next]) => {
    const { mount, open, program } = await createRelays();
    await kill(await open(pinned));
    const other = await open({ host: next });
    expect(pinsIn(mount)).toEqual({});
    expect(program()).toBeUndefined();
    const said =
      /removed the pins that an earlier relay left in \/sys\/fs\/bpf\/quicpipe\/\d+_192-0-2-1_4433\n/g;
    expect(other.child.stderr().match(said)).toHaveLength(1);
  });

  itPins("are replaced by those of a relay that takes over its address among all", async () => {
    const { mount, open, program } = await createRelays();
    await kill(await open(pinned));
    const id = program();
    const next = await open({ host: "::", xdp: { pin: true } });
    expect(Object.keys(pinsIn(mount))).toEqual([expect.stringMatching(/^\d+_::_4433$/)]);
    expect(await next.call("xdp")).toMatchObject({ state: "on", reason: "" });
    expect(program()).not.toBe(id);
  });

  itPins("stay while another relay tries to take its port, whichever its options are", async () => {
    const { mount, open, program } = await createRelays();
    await open(pinned);
    const [pins, id] = [pinsIn(mount), program()];
    for (const options of [pinned, { host }, { host: "::" }])
      await expect(open(options)).rejects.toThrow(/EADDRINUSE/);
    expect(pinsIn(mount)).toEqual(pins);
    expect(program()).toBe(id);
  });

  itPins(
    "in a folder that is named after the port alone belong to the relay whose address they hold",
    async () => {
      const { bob, mount, open, program } = await createRelays();
      const xdp = { pin: "/sys/fs/bpf/quicpipe/4433" };
      const one = await open({ host, xdp });
      const [pins, id] = [pinsIn(mount), program()];
      expect(Object.keys(pins)).toEqual(["4433"]);
      await kill(one);
      bob.ip("address", "add", `${host}/32`, "dev", "lo");
      await open({ host }, bob);
      await open({ host: relayForBob.ipv4 });
      expect(pinsIn(mount)).toEqual(pins);
      expect(program()).toBe(id);
      await open(pinned);
      expect(Object.keys(pinsIn(mount))).toEqual([expect.stringMatching(/^\d+_192-0-2-1_4433$/)]);
      expect(program()).not.toBe(id);
    },
  );
});
