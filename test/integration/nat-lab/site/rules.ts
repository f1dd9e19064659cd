import { relayAddresses } from "../addresses.ts";

/** What stands between a host and the internet. */
export type Kind =
  | "open"
  | "open-v6"
  | "full-cone"
  | "address-dependent"
  | "port-dependent"
  | "symmetric"
  | "sequential"
  | "double"
  | "reject"
  | "unfiltered"
  | "firewall-v4"
  | "firewall-v6"
  | "relay-only";

/** What the rules of one router depend on. */
export interface RouterFacts {
  /** The address that stands for all hosts behind it. */
  readonly address: string;
  /** How many times it has forgotten its mappings. */
  readonly generation: number;
  readonly mappingSeconds: number;
}

/** The rules of a router in nftables. Its links are "wan" and "lan". */
export type Rules = (router: RouterFacts) => string;

interface Behaviour {
  readonly version: 4 | 6;
  readonly isNat: boolean;
  /** Of each router from the provider to the host. */
  readonly routers: readonly Rules[];
}

/** Says no to what nobody inside has asked for, before the router's own system makes an entry of it and answers. */
function guard(verdict: "drop" | "reject"): string {
  return `table ip guard {
  chain input { type filter hook input priority filter; iifname "wan" meta l4proto udp ${verdict}; }
}`;
}

/** What is sent from inside opens the way back for an answer from where it was sent. */
const firewall = (family: "ip" | "ip6"): string => `table ${family} firewall {
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "lan" accept
    ct state established,related accept
  }
}`;

function sourceNat(...statements: string[]): string {
  const rules = statements.map((statement) => `oifname "wan" ${statement};`);
  return `table ip nat {
  chain post { type nat hook postrouting priority srcnat; ${rules.join(" ")} }
}`;
}

/** The port stays the same as long as it is free, which makes the mapping endpoint-independent for one host. */
const portPreserving = sourceNat("masquerade");

/** How many ports a sequential NAT has. */
const sequenceLength = 1000;

/**
 * The next port for each pair of endpoints. Of a mere range, the kernel would take one at random, and the same for all
 * destinations.
 */
const sequential: Rules = ({ address, generation }) => {
  const first = 40_000 + (generation % 20) * sequenceLength;
  const ports = Array.from({ length: sequenceLength }, (_, index) => `${index} : ${first + index}`);
  const next = `numgen inc mod ${sequenceLength} map { ${ports.join()} }`;
  return sourceNat(`meta l4proto udp snat to ${address} : ${next}`, "masquerade");
};

const onlyRelay = `table ip only-relay {
  chain forward {
    type filter hook forward priority filter;
    iifname "lan" meta l4proto udp ip daddr != { ${relayAddresses.ipv4.join()} } drop
  }
}`;

/**
 * A mapping for each port inside, made by its first packet and seen alike by all destinations (RFC 4787 §4.1): the
 * port outside is the one inside with some bits flipped, others after each loss of the mappings. Conntrack lets in
 * answers; who else may come in is what `filter` says of a packet from outside.
 */
function endpointIndependent(filter: string): Rules {
  return ({ address, generation, mappingSeconds }) => {
    const outside = `udp sport ^ ${2048 + generation}`;
    const expiry = `flags dynamic, timeout; timeout ${mappingSeconds}s`;
    return `table ip nat {
  map inside { type inet_service : ipv4_addr . inet_service; ${expiry}; }
  set contacts { type ipv4_addr . inet_service; ${expiry}; }
  chain forward {
    type filter hook forward priority filter;
    oifname "wan" update @inside { ${outside} : ip saddr . udp sport }
    oifname "wan" update @contacts { ip daddr . ${outside} }
  }
  chain post {
    type nat hook postrouting priority srcnat;
    oifname "wan" meta l4proto udp snat to ${address} : ${outside}
    oifname "wan" masquerade
  }
  chain pre {
    type nat hook prerouting priority dstnat;
    iifname "wan" ${filter} dnat ip to udp dport map @inside
  }
}`;
  };
}

const addressDependent = endpointIndependent("ip saddr . udp dport @contacts");

/** NATs that say nothing to strangers, from the provider to the host. */
function nat(...routers: Rules[]): Behaviour {
  const silent = routers.map(
    (rules): Rules =>
      (router) =>
        `${rules(router)}\n${guard("drop")}`,
  );
  return { version: 4, isNat: true, routers: silent };
}

function routed(version: 4 | 6, rules: string): Behaviour {
  return { version, isNat: false, routers: [() => rules] };
}

export const kinds: Readonly<Record<Kind, Behaviour>> = {
  /** A public IPv4 address. */
  open: routed(4, ""),
  /** A public IPv6 address. */
  "open-v6": routed(6, ""),
  /** Mapping and filtering are endpoint-independent (RFC 4787 §4.1 and §5). */
  "full-cone": nat(endpointIndependent("")),
  /** The mapping is endpoint-independent; only addresses that were sent to may come in. */
  "address-dependent": nat(addressDependent),
  /** The port is the host's own; only endpoints that were sent to may come in. */
  "port-dependent": nat(() => portPreserving),
  /** A random port for each destination. */
  symmetric: nat(() => sourceNat("masquerade fully-random")),
  /** The next port for each destination. */
  sequential: nat(sequential),
  /** Two NATs in a row: of a carrier, address-dependent, and of a home, port-dependent. */
  double: nat(addressDependent, () => portPreserving),
  /** As port-dependent, and answers the others with "port unreachable". */
  reject: { version: 4, isNat: true, routers: [() => `${portPreserving}\n${guard("reject")}`] },
  /**
   * As port-dependent, of a Linux router without a filter: it answers the others as its own system does, which keeps
   * an entry for who came first from outside. What is then sent from inside to there gets another port.
   */
  unfiltered: { version: 4, isNat: true, routers: [() => portPreserving] },
  /** Public IPv4 addresses behind a stateful firewall. */
  "firewall-v4": routed(4, firewall("ip")),
  /** The same with IPv6. */
  "firewall-v6": routed(6, firewall("ip6")),
  /** As port-dependent, and UDP goes to nobody but the relay. */
  "relay-only": nat(() => `${portPreserving}\n${onlyRelay}`),
};
