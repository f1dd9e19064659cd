import type {
  FamilyProblem,
  FamilyProblemKind,
  FamilyReport,
  MappingServices,
  NetworkReport,
  RelayView,
} from "../../peer/index.ts";

/** Says in a sentence or two what a report means for direct paths. */
export function verdictOf({ ipv4, ipv6, router }: NetworkReport): string {
  const views = [ipv4, ipv6].filter(isView);
  if (views.length === 0)
    return withoutRelay(new Set([ipv4, ipv6].filter(isProblem).map(({ kind }) => kind)));
  if (!views.some(({ isGlobal }) => isGlobal))
    return "The relay is in this host's own network, and cannot tell what is between that and the internet.";
  const sound = views.filter(({ secondPort }) => secondPort?.answers !== false);
  if (sound.length === 0) return unanswered;
  if (sound.some(({ isGlobal, isBehindNat }) => isGlobal && !isBehindNat))
    return "Direct paths should work with most peers, as this host has a public address. A firewall may still be in the way.";
  if (isView(ipv4) && sound.includes(ipv4) && mapsFor(ipv4, router))
    return "Direct paths should work with most peers, as the router maps ports.";
  return byMapping(sound);
}

/** Says why nothing was found out, by what went wrong in the two IP versions. */
function withoutRelay(kinds: ReadonlySet<FamilyProblemKind>): string {
  if (kinds.has("untrusted"))
    return "The relay answers by UDP, but its certificate is not trusted, so nothing more was asked.";
  if (kinds.has("unreachable")) return "The relay cannot be reached, so no peer can be reached either.";
  return "This host has no route to the relay, so no peer can be reached.";
}

/** What drops packets to the relay's second port may be here, and drop those to other peers too, or at the relay. */
const unanswered =
  "The relay's second port does not answer. If a firewall here is the reason, there are no direct paths; if one at the relay is, only an attempt tells: add --peer.";

function byMapping(views: readonly RelayView[]): string {
  const kinds = new Set(views.map(({ mapping }) => mapping));
  if (kinds.has("endpoint-independent"))
    return "Direct paths should work with most peers, as the NAT has one port for all destinations.";
  if (kinds.has("sequential"))
    return "Direct paths should work with most peers, as others predict the next port of the NAT.";
  if (kinds.has("unknown"))
    return "This host is behind a NAT of an unknown kind. Only an attempt tells whether there is a direct path to a peer: add --peer.";
  return "Direct paths work with few peers, as the NAT has another port for each destination. The relay carries the rest.";
}

/** Whether the router maps ports, and no other NAT is known to be beyond it. */
function mapsFor(ipv4: RelayView, router: MappingServices): boolean {
  const { pcp, natPmp, upnp, externalAddress } = router;
  const isOutermost = externalAddress === undefined || ipv4.public.startsWith(`${externalAddress}:`);
  return (pcp || natPmp || upnp === true) && isOutermost;
}

function isProblem(report: FamilyReport): report is FamilyProblem {
  return "problem" in report;
}

/** Reports whether the relay was reached in an IP version. */
export function isView(report: FamilyReport): report is RelayView {
  return "public" in report;
}
