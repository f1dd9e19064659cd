import type { Child } from "../../harness/child.ts";
import { projectPath } from "../../harness/child.ts";
import { type MappingProtocols, startMiniupnpd } from "../../harness/network/miniupnpd.ts";
import { Namespace } from "../../harness/network/namespaces.ts";

/** These are somebody's, and exist only in the test's namespaces: miniupnpd maps no port of a reserved address. */
const outsideAddress = "11.0.0.1";
export const routerAddress = "11.0.0.2";

/** Rules of a home's router: nothing comes in that is not asked for, and chains for what miniupnpd adds. */
const rules = `
  table inet filter {
    chain input { type filter hook input priority 0; }
    chain miniupnpd {}
    chain prerouting_miniupnpd {}
    chain postrouting_miniupnpd {}
    chain forward {
      type filter hook forward priority 0; policy drop;
      jump miniupnpd
      ct state established,related accept
      iifname "lan" accept
    }
    chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
    chain postrouting {
      type nat hook postrouting priority 100;
      jump postrouting_miniupnpd
      oifname "wan" masquerade random
    }
  }`;

/** A home behind a router with a firewall and a NAT, and a host outside. */
export class Home {
  readonly #outside = new Namespace("outside");
  readonly #router = new Namespace("router");
  readonly #host = new Namespace("host");

  constructor() {
    this.#outside.connect("net", `${outsideAddress}/24`, this.#router, "wan", `${routerAddress}/24`);
    this.#router.connect("lan", "192.168.1.1/24", this.#host, "eth", "192.168.1.2/24");
    this.#host.ip("route", "add", "default", "via", "192.168.1.1");
    this.#router.ip("route", "add", "default", "via", outsideAddress);
    this.#router.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    this.#router.run("nft", rules);
  }

  /** Starts miniupnpd on the router: for PCP and NAT-PMP, or for UPnP. */
  async startService(kind: MappingProtocols): Promise<void> {
    await startMiniupnpd(this.#router, kind);
  }

  /** Lets the router drop requests for a mapping that match. */
  drop(match: string): void {
    this.#router.run("nft", `add rule inet filter input udp dport 5351 ${match} drop`);
  }

  /** Ports that the router forwards, as `outside port → host:port`. */
  forwardedPorts(): string[] {
    const listed = this.#router.run("nft", "list", "chain", "inet", "filter", "prerouting_miniupnpd");
    return [...listed.matchAll(/dport (\d+) dnat ip to (\S+)/g)].map(([, port, to]) => `${port} → ${to}`);
  }

  /** Starts a UDP socket with a port mapping at home. */
  startPeer(...args: string[]): Child {
    const program = projectPath("test/integration/peer/mapping/mapped-peer.ts");
    return this.#host.start(process.execPath, [program, ...args]);
  }

  /** Sends a datagram from outside. */
  send(text: string, address: string, port: number): void {
    const script = `require("dgram").createSocket("udp4").send(${JSON.stringify(text)}, ${port}, "${address}", process.exit)`;
    this.#outside.run(process.execPath, "--eval", script);
  }
}
