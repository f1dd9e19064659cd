import type {
  FamilyProblem,
  FamilyProblemKind,
  FamilyReport,
  MappingServices,
  NetworkReport,
  RelayView,
} from "../../peer/index.ts";
import type { PeerCheck } from "./peer-check.ts";

/** An attempt to go direct with a peer. */
export interface PeerAttempt {
  readonly name: string;
  readonly check: PeerCheck;
}

/** Says in a few sentences what a report means for direct paths, after what an attempt has shown. */
export function verdictOf(report: NetworkReport, attempt?: PeerAttempt): string {
  const general = judge(report, attempt);
  return attempt ? `${attemptText(attempt)} ${general}` : general;
}

function attemptText({ name, check }: PeerAttempt): string {
  if (check.path === null) return `${name} was not reached.`;
  if (check.path === "direct") return `There is a direct path to ${name}.`;
  return check.reason
    ? `There is no direct path to ${name} (${check.reason}).`
    : `No direct path to ${name} was found in time.`;
}

function judge({ ipv4, ipv6, router }: NetworkReport, attempt: PeerAttempt | undefined): string {
  const views = [ipv4, ipv6].filter(isView);
  if (views.length === 0)
    return withoutRelay(new Set([ipv4, ipv6].filter(isProblem).map(({ kind }) => kind)));
  if (!views.some(({ isGlobal }) => isGlobal))
    return "The relay is in this host's own network, and cannot tell what is between that and the internet.";
  const sound = views.filter(({ secondPort }) => secondPort?.answers !== false);
  if (sound.length === 0) return unanswered(attempt?.check);
  const why = whyDirect(sound, isView(ipv4) && sound.includes(ipv4) && mapsFor(ipv4, router));
  const peers = attempt ? "other peers" : "peers";
  if (why)
    return `Direct paths should work with most ${peers}, as ${why}. A firewall may still be in the way.`;
  if (sound.some(({ mapping }) => mapping === "unknown"))
    return `This host is behind a NAT of an unknown kind. Only an attempt tells whether there is a direct path to a peer${attempt ? "" : ": add --peer"}.`;
  return `Direct paths work with few ${peers}, as the NAT has another port for each destination. The relay carries the rest.`;
}

/** Says what is good for direct paths here; `undefined` if nothing is known to be. */
function whyDirect(views: readonly RelayView[], isMapped: boolean): string | undefined {
  if (views.some(({ isGlobal, isBehindNat }) => isGlobal && !isBehindNat))
    return "this host has a public address";
  if (isMapped) return "the router maps ports";
  const kinds = new Set(views.map(({ mapping }) => mapping));
  if (kinds.has("endpoint-independent")) return "the NAT has one port for all destinations";
  if (kinds.has("sequential")) return "others predict the next port of the NAT";
}

/** Says why nothing was found out, by what went wrong in the two IP versions. */
function withoutRelay(kinds: ReadonlySet<FamilyProblemKind>): string {
  if (kinds.has("untrusted"))
    return "The relay answers by UDP, but its certificate is not trusted, so nothing more was asked.";
  if (kinds.has("udp-blocked"))
    return "The relay answers over TCP, but UDP does not get through, so no peer can be reached.";
  if (kinds.has("unreachable")) return "The relay cannot be reached, so no peer can be reached either.";
  return "This host has no route to the relay, so no peer can be reached.";
}

/** What drops packets to the relay's second port may be here, and drop those to other peers too, or at the relay. */
function unanswered(check: PeerCheck | undefined): string {
  const fact = "The relay's second port does not answer";
  if (check?.path === "direct") return `${fact}, so nothing is known of other peers.`;
  const hint = check ? "" : ": add --peer";
  return `${fact}. If a firewall here is the reason, there are no direct paths; if one at the relay is, only an attempt tells${hint}.`;
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
