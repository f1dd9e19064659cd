import type { Namespace } from "../harness/network/namespaces.ts";
import { networks, type HostAddresses, type Place } from "./addresses.ts";
import { createMachine, createRouter } from "./internet.ts";
import { kinds, type Kind } from "./rules.ts";

/** A host and the router that joins it to its provider. */
export interface Site {
  readonly host: Namespace;
  readonly router: Namespace;
  readonly addresses: HostAddresses;
}

/** The network inside, the router's address in it and the host's, and whether the provider has a route to it. */
interface Inside {
  readonly network: string;
  readonly bits: number;
  readonly router: string;
  readonly host: string;
  readonly isPublic: boolean;
}

/** What one IP version of a site needs. */
interface Plan {
  readonly provider: string;
  readonly wan: string;
  readonly wanBits: number;
  readonly inside: Inside;
}

function insideOf(
  prefix: string,
  [network, router, host]: readonly [network: string, router: string, host: string],
  bits: number,
  isPublic: boolean,
): Inside {
  return { network: prefix + network, bits, router: prefix + router, host: prefix + host, isPublic };
}

function planOf(place: Place, kind: Kind): Plan {
  const { public4, public6, private4 } = networks[place];
  const { version, isNat } = kinds[kind];
  if (version === 6) {
    const inside = insideOf(`${public6}:1`, ["::", "::1", "::2"], 64, true);
    return { provider: `${public6}::1`, wan: `${public6}::2`, wanBits: 64, inside };
  }
  const inside = isNat
    ? insideOf(private4, [".0", ".1", ".2"], 24, false)
    : insideOf(public4, [".128", ".129", ".130"], 25, true);
  return { provider: `${public4}.1`, wan: `${public4}.2`, wanBits: 24, inside };
}

export interface SiteOptions {
  /** At most one of each IP version. */
  readonly kinds: readonly Kind[];
  readonly mappingSeconds: number;
}

/** Builds a site and joins it to its provider. */
export function createSite(place: Place, provider: Namespace, options: SiteOptions): Site {
  const router = createRouter(`nat-${place}`);
  const host = createMachine(place);
  provider.cable("site", router, "wan");
  router.cable("lan", host, "eth");
  const plans = options.kinds.map((kind) => planOf(place, kind));
  provider.ipBatch(plans.flatMap(providerLines));
  router.ipBatch(plans.flatMap(routerLines));
  host.ipBatch(plans.flatMap(hostLines));
  keepMappings(router, options.mappingSeconds);
  for (const [index, kind] of options.kinds.entries())
    router.nft(
      kinds[kind].rules({
        address: plans[index]!.wan,
        generation: 0,
        mappingSeconds: options.mappingSeconds,
      }),
    );
  const addresses = Object.fromEntries(
    plans.map(({ wan, inside }, index) => [
      `ipv${kinds[options.kinds[index]!].version}`,
      { local: inside.host, public: inside.isPublic ? inside.host : wan },
    ]),
  );
  return { host, router, addresses };
}

function providerLines({ provider, wan, wanBits, inside }: Plan): string[] {
  const route = `route add ${inside.network}/${inside.bits} via ${wan}`;
  return [`address add ${provider}/${wanBits} dev site`, ...(inside.isPublic ? [route] : [])];
}

function routerLines({ provider, wan, wanBits, inside }: Plan): string[] {
  return [
    `address add ${wan}/${wanBits} dev wan`,
    `address add ${inside.router}/${inside.bits} dev lan`,
    `route add default via ${provider}`,
  ];
}

function hostLines({ inside }: Plan): string[] {
  return [`address add ${inside.host}/${inside.bits} dev eth`, `route add default via ${inside.router}`];
}

/** Conntrack's lifetimes of a mapping without an answer, and of one with. */
function keepMappings(router: Namespace, seconds: number): void {
  const timeout = "net.netfilter.nf_conntrack_udp_timeout";
  router.run("sysctl", "-qw", `${timeout}=${seconds}`, `${timeout}_stream=${seconds}`);
}
