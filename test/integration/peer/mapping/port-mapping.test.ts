import { describe, expect } from "vitest";
import { itWith } from "../../harness/requirement.ts";
import { Home, routerAddress } from "./home.ts";

describe("a port mapping at miniupnpd", () => {
  itWith("netns", "miniupnpd")("by PCP lets a packet in from outside, until it is closed", async () => {
    await expectMapped(await homeWithService("pcp"), "pcp");
  });

  itWith("netns", "miniupnpd")("by NAT-PMP does the same where PCP gets no answer", async () => {
    const home = await homeWithService("pcp");
    // PCP's version, in the first byte behind UDP's header.
    home.drop("@th,64,8 2");
    await expectMapped(home, "nat-pmp");
  });

  itWith("netns", "miniupnpd")("by UPnP does the same, if that was asked for", async () => {
    const home = await homeWithService("upnp");
    await expectMapped(home, "upnp", "upnp");
    await home.startPeer().prints(/\{"reason":"no-answer"\}/);
  });

  itWith("netns", "miniupnpd")("is found before anything is mapped", async () => {
    const home = await homeWithService("pcp");
    const [found] = await home.startPeer().prints(/"services":.*/);
    expect(JSON.parse(`{${found}`)).toEqual({
      services: { router: "192.168.1.1", pcp: true, natPmp: true, externalAddress: routerAddress },
    });
  });
});

describe("a port mapping at a router that has no such service", () => {
  itWith("netns").each([
    ["says that nobody listens", (): void => undefined],
    ["says nothing", (home: Home): void => home.drop("")],
  ])("has a reason where the router %s, and closes", async (_, change) => {
    const home = new Home();
    change(home);
    const peer = home.startPeer();
    await peer.prints(/"services":\{"router":"192.168.1.1","pcp":false,"natPmp":false\}/);
    await peer.prints(/\{"reason":"no-answer"\}/);
    peer.process.stdin.end();
    await peer.prints(/"closed"/);
    expect(await peer.exited).toBe(0);
  });
});

async function homeWithService(kind: "pcp" | "upnp"): Promise<Home> {
  const home = new Home();
  await home.startService(kind);
  return home;
}

async function expectMapped(home: Home, service: string, ...args: string[]): Promise<void> {
  const peer = home.startPeer(...args);
  const [line] = await peer.prints(/\{"address":.*/);
  const { address, service: by } = JSON.parse(line);
  expect(address.address).toBe(routerAddress);
  expect(by).toBe(service);
  expect(home.forwardedPorts()).toEqual([`${address.port} → 192.168.1.2:${address.port}`]);
  home.send("from outside", address.address, address.port);
  await peer.prints(/\{"datagram":"from outside"\}/);
  peer.process.stdin.end();
  await peer.prints(/"closed"/);
  expect(home.forwardedPorts()).toEqual([]);
  expect(await peer.exited).toBe(0);
}
