import { Namespace } from "../harness/network/namespaces.ts";
import { networks, places, relayAddresses, type Place } from "./addresses.ts";
import type { Wire } from "./wire/wire.ts";

/**
 * The internet: a provider for each place, the relay's host, and a cable between any two of them, so that each of
 * these three ways can be cut or slowed without the others.
 */
export interface Internet {
  readonly relay: Namespace;
  readonly providers: Readonly<Record<Place, Namespace>>;
}

/** A machine whose addresses may be used at once. */
export function createMachine(role: string): Namespace {
  const machine = new Namespace(role);
  machine.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0");
  return machine;
}

/** A machine that forwards packets. */
export function createRouter(role: string): Namespace {
  const router = createMachine(role);
  router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  return router;
}

export function createInternet(wire?: Wire): Internet {
  const relay = createMachine("relay");
  const providers = { alice: createRouter("isp-alice"), bob: createRouter("isp-bob") };
  const { alice, bob } = providers;
  if (wire) wire.cable("alice", alice, "direct", "bob", bob, "direct");
  else alice.cable("direct", bob, "direct");
  for (const place of places) {
    if (wire) wire.cable(place, providers[place], "relay", "relay", relay, `to-${place}`);
    else providers[place].cable("relay", relay, `to-${place}`);
    const other = place === "alice" ? "bob" : "alice";
    providers[place].ipBatch(providerLines(place, other));
    providers[place].nft(distanceTo(networks[other]));
  }
  relay.ipBatch(relayLines());
  return { relay, providers };
}

/** The provider is .1 and ::1 on each of its links. */
function providerLines(place: Place, other: Place): string[] {
  const [own, far] = [networks[place], networks[other]];
  const [relay4, relay6] = [relayAddresses.ipv4[0], relayAddresses.ipv6[0]];
  return [
    `address add ${own.public4}.1 peer ${relay4} dev relay`,
    `address add ${own.public6}::1 peer ${relay6} dev relay nodad`,
    `address add ${own.public4}.1 peer ${far.public4}.1 dev direct`,
    `address add ${own.public6}::1 peer ${far.public6}::1 dev direct nodad`,
    `route add 192.0.2.0/24 via ${relay4} dev relay`,
    `route add 2001:db8::/48 via ${relay6} dev relay onlink`,
    `route add ${far.public4}.0/24 via ${far.public4}.1 dev direct`,
    `route add ${far.mapped4}.0/24 via ${far.public4}.1 dev direct`,
    `route add ${far.public6}::/48 via ${far.public6}::1 dev direct onlink`,
  ];
}

/** The other provider is 16 routers away: what would not get so far ends here, with a message that it was too far. */
function distanceTo({ public4, public6 }: { readonly public4: string; readonly public6: string }): string {
  return `table inet distance {
  chain pre {
    type filter hook prerouting priority mangle;
    ip daddr ${public4}.0/24 ip ttl <= 16 ip ttl set 1
    ip6 daddr ${public6}::/48 ip6 hoplimit <= 16 ip6 hoplimit set 1
  }
}`;
}

function relayLines(): string[] {
  const [[first4, second4], [first6, second6]] = [relayAddresses.ipv4, relayAddresses.ipv6];
  const seconds = [`address add ${second4} dev lo`, `address add ${second6} dev lo`];
  return [...seconds, ...places.flatMap(linesTo)];

  function linesTo(place: Place): string[] {
    const { public4, mapped4, public6 } = networks[place];
    return [
      `address add ${first4} peer ${public4}.1 dev to-${place}`,
      `address add ${first6} peer ${public6}::1 dev to-${place} nodad`,
      `route add ${public4}.0/24 via ${public4}.1 dev to-${place} src ${first4}`,
      `route add ${mapped4}.0/24 via ${public4}.1 dev to-${place} src ${first4}`,
      `route add ${public6}::/48 via ${public6}::1 dev to-${place} src ${first6} onlink`,
    ];
  }
}
