import { describe, expect } from "vitest";
import type { Link } from "../../../../src/xdp/index.ts";
import { projectPath } from "../../harness/child.ts";
import { Namespace } from "../../harness/network/namespaces.ts";
import { itWith } from "../../harness/requirement.ts";

/** Of what `ip -json -details link show` prints about an interface. */
interface IpLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly link_type: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

const program = `
  const { links } = require(${JSON.stringify(projectPath("src/forwarder/native/load.ts"))}).loadAddon().addon;
  process.stdout.write(JSON.stringify(links()));
`;

/** The interfaces as the addon reads them, and as iproute2 does. */
function readBoth(host: Namespace): { links: Link[]; expected: Partial<Link>[] } {
  const links = JSON.parse(host.run(process.execPath, "--eval", program)) as Link[];
  const all = JSON.parse(host.ip("-json", "-details", "link", "show")) as IpLink[];
  const expected = all.map(({ ifname, ifindex, mtu, flags, link_type: type, linkinfo }) => ({
    name: ifname,
    index: ifindex,
    mtu,
    kind: linkinfo?.info_kind ?? "",
    isUp: flags.includes("UP") && flags.includes("LOWER_UP"),
    isLoopback: type === "loopback",
    isEthernet: type === "ether",
  }));
  return { links, expected };
}

describe("the addon's links()", () => {
  itWith("native", "netns")("tells of interfaces of all kinds what iproute2 tells", async () => {
    const [host, other] = [new Namespace("links"), new Namespace("far")];
    host.cable("cable", other, "cable");
    other.cable("a-long-name.100", host, "unplugged");
    other.ip("link", "set", "a-long-name.100", "down");
    host.ip("link", "set", "cable", "mtu", "1400");
    host.ip("tuntap", "add", "mode", "tun", "name", "tunnel");
    // The kernel notes a lost carrier by and by, from a queue of its own.
    await expect.poll(() => host.ip("link", "show", "unplugged")).not.toContain("LOWER_UP");
    const { links, expected } = readBoth(host);
    expect(links).toMatchObject(expected);
    expect(links.map(({ name, isUp }) => [name, isUp])).toEqual(
      expect.arrayContaining([
        ["lo", true],
        ["cable", true],
        ["unplugged", false],
        ["tunnel", false],
      ]),
    );
    expect(links.find(({ name }) => name === "cable")).toMatchObject({ driver: "veth", kind: "veth" });
  });

  itWith("native", "netns")("tells of more interfaces than one message of the kernel holds", () => {
    const host = new Namespace("links");
    for (let i = 0; i < 100; i++) host.ip("link", "add", `bridge${i}`, "type", "bridge");
    const { links, expected } = readBoth(host);
    expect(links).toHaveLength(101);
    expect(links).toMatchObject(expected);
  });

  itWith(
    "native",
    "netns",
    "xdp",
  )("tells what a driver can do, as that changes", () => {
    const [host, other] = [new Namespace("links"), new Namespace("far")];
    host.cable("cable", other, "cable");
    const featuresOf = (): Link["features"] =>
      readBoth(host).links.find(({ name }) => name === "cable")?.features;
    expect(featuresOf()).toEqual({ runs: true, transmits: false });
    other.run("ethtool", "-K", "cable", "gro", "on");
    expect(featuresOf()).toEqual({ runs: true, transmits: true });
  });
});
