import type { Namespace } from "../../harness/network/namespaces.ts";
import type { HostAddresses, Place } from "../addresses.ts";
import { createMachine, createRouter } from "../internet.ts";
import { Host } from "./host.ts";
import { Router } from "./router.ts";
import { kinds, type Kind } from "./rules.ts";
import { subnetsOf, type Subnet } from "./subnets.ts";

/** One host or two, and the routers that join them to their provider. */
export interface Site {
  readonly hosts: readonly Host[];
  /** From the provider to the hosts. */
  readonly routers: readonly Router[];
  /** Its number at the provider, and the provider's link to it. */
  readonly number: number;
  readonly link: string;
}

export interface SiteOptions {
  /** The provider's place. */
  readonly place: Place;
  /** Of the provider's sites, from 0. */
  readonly number: number;
  readonly provider: Namespace;
  /** At most one of each IP version. */
  readonly kinds: readonly Kind[];
  /** Who lives there. */
  readonly inhabitants: readonly Place[];
  readonly mappingSeconds: number;
}

/** Builds a site and joins it to its provider. */
export function createSite(options: SiteOptions): Site {
  if (options.number > 15) throw new Error(`${options.place}'s provider has addresses for 16 sites`);
  const chains = options.kinds.map((kind) => subnetsOf(options.place, options.number, kind));
  if (new Set(chains.map(({ length }) => length)).size > 1)
    throw new Error(`${options.kinds.join(" and ")} need another number of routers each: name one of them`);
  const routers: Router[] = [];
  for (const index of chains[0]!.slice(1).keys())
    routers.push(addRouter(options, index, routers.at(-1)?.namespace, chains));
  for (const [index, kind] of options.kinds.entries())
    if (!kinds[kind].isNat) options.provider.ip("route", "add", ...routeTo(chains[index]!, linkOf(options)));
  const hosts = settle(routers.at(-1)!.namespace, options, chains);
  return { hosts, routers, number: options.number, link: linkOf(options) };
}

/** The router between two networks of each chain. */
function addRouter(
  options: SiteOptions,
  index: number,
  before: Namespace | undefined,
  chains: readonly (readonly Subnet[])[],
): Router {
  const namespace = createRouter(`router${index + 1}-${options.place}`);
  const [upstream, link] = before ? [before, "lan"] : [options.provider, linkOf(options)];
  const subnets = chains.map((chain) => chain[index]!);
  upstream.cable(link, namespace, "wan");
  upstream.ipBatch(gatewayLines(subnets, link));
  namespace.ipBatch(memberLines(subnets, 0, "wan"));
  const rules = options.kinds.map((kind) => kinds[kind].routers[index]!);
  const wan = subnets.find(({ version }) => version === 4);
  return new Router(namespace, { rules, wan, mappingSeconds: options.mappingSeconds });
}

/** Puts the hosts into the network of the last router. */
function settle(
  router: Namespace,
  { inhabitants, kinds: kindsHere }: SiteOptions,
  chains: readonly (readonly Subnet[])[],
): Host[] {
  const subnets = chains.map((chain) => chain.at(-1)!);
  router.ipBatch(["link add lan type bridge", "link set lan up", ...gatewayLines(subnets, "lan")]);
  return inhabitants.map((name, index) => {
    const namespace = createMachine(name);
    router.cable(name, namespace, "eth");
    router.ip("link", "set", name, "master", "lan");
    const addresses = chains.map((chain, at): [string, HostAddresses["ipv4"]] => {
      const local = chain.at(-1)!.members[index]!;
      const { version, isNat } = kinds[kindsHere[at]!];
      return [`ipv${version}`, { local, public: isNat ? chain[0]!.members[0] : local }];
    });
    const lines = memberLines(subnets, index as 0 | 1, "eth");
    return new Host(namespace, Object.fromEntries(addresses), lines);
  });
}

function gatewayLines(subnets: readonly Subnet[], link: string): string[] {
  return subnets.map(({ gateway, bits }) => `address add ${gateway}/${bits} dev ${link}`);
}

function memberLines(subnets: readonly Subnet[], index: 0 | 1, link: string): string[] {
  return subnets.flatMap(({ gateway, bits, members }) => [
    `address add ${members[index]}/${bits} dev ${link}`,
    `route add default via ${gateway} dev ${link} onlink`,
  ]);
}

/** The way from the provider to the network behind one router. */
function routeTo([first, second]: readonly Subnet[], link: string): string[] {
  return [`${second!.network}/${second!.bits}`, "via", first!.members[0], "dev", link, "onlink"];
}

/** The provider's link to the site. */
function linkOf({ number }: SiteOptions): string {
  return `site${number}`;
}
