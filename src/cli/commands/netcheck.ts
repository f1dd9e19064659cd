import { defineCommand, type CommandDef } from "citty";
import { optionError } from "../../option-checks.ts";
import { checkNetwork, type NetworkReport } from "../../peer/index.ts";
import { inFlags, requireName } from "../arguments.ts";
import { exitStatus } from "../exit-status.ts";
import { formatLines, reportLines, type ReportLine } from "../netcheck/lines.ts";
import { checkPeer, peerText } from "../netcheck/peer-check.ts";
import { isView, type PeerAttempt, verdictOf } from "../netcheck/verdict.ts";
import {
  dialArgs,
  type PeerArgs,
  requireTimeout,
  requireToken,
  requireTrust,
  trustedPeerArgs,
  workAsPeer,
} from "../peer/peer.ts";
import { relayOptions, withToken } from "../peer/relay-access.ts";
import { pingProtocol } from "../ping/protocol.ts";
import { printableJson } from "../terminal-text.ts";

const args = {
  ...trustedPeerArgs,
  peer: {
    type: "string",
    description:
      "Name of a peer to dial, to see whether there is a direct path to it, with --pin or --insecure; its `accept` goes on waiting",
    valueHint: "name",
  },
  ...dialArgs,
  upnp: { type: "boolean", description: "Ask the router by UPnP too, which some firewalls warn of" },
  json: { type: "boolean", description: "Print the findings as JSON" },
} as const;

/** Time limit of a request to the relay, in ms: one that answers later is of no use for direct paths. */
const requestTimeoutMs = 5000;

/** `quicpipe netcheck`: tells what a network does to UDP, and what that means for direct paths. */
export const netcheck = defineCommand({
  meta: {
    name: "netcheck",
    description:
      "Tell whether direct paths can work from here: UDP to the relay by IPv4 and IPv6, NATs, what the router offers; asks nobody else, and exits with 1 if the relay cannot be reached",
  },
  args,
  async run({ args: given }) {
    const check = given.peer === undefined ? undefined : requirePeerCheck(given, given.peer, given.timeout);
    if (!check) refuseTrust(given);
    const options = { ...relayOptions(given), token: await requireToken(given), requestTimeoutMs };
    const report = await withToken(given, () => checkNetwork({ ...options, upnp: given.upnp })).catch(
      (error: unknown) => {
        throw inFlags(error, { relay: "--relay" });
      },
    );
    const isReached = [report.ipv4, report.ipv6].some(isView);
    const attempts: PeerAttempt[] = [];
    const status =
      check && isReached ? await check((attempt) => void attempts.push(attempt)) : exitStatus.done;
    process.stdout.write((given.json ? jsonOf : textOf)(report, attempts[0]));
    return isReached ? status : exitStatus.failed;
  },
}) as CommandDef;

/** Checks the options for a dial, and returns what makes it. That resolves with the exit status. */
function requirePeerCheck(
  given: PeerArgs,
  peerName: string,
  timeout: string,
): (tell: (attempt: PeerAttempt) => void) => Promise<number> {
  const name = requireName("--peer", peerName);
  const timeoutMs = requireTimeout(timeout);
  requireTrust(given);
  return (tell) =>
    workAsPeer(given, { alpn: pingProtocol }, async (peer) =>
      tell({ name, check: await checkPeer(peer, name, timeoutMs) }),
    );
}

/** Refuses what has no effect without a dial. */
function refuseTrust({ pin, insecure }: PeerArgs): void {
  if (pin === undefined && !insecure) return;
  const flag = pin === undefined ? "--insecure" : "--pin";
  throw optionError(flag, `${flag} has no effect without a peer to dial: give --peer as well, or omit it`);
}

function jsonOf(report: NetworkReport, attempt: PeerAttempt | undefined): string {
  const verdict = verdictOf(report, attempt);
  return `${printableJson({ ...report, ...(attempt && { peer: attempt.check }), verdict })}\n`;
}

function textOf(report: NetworkReport, attempt: PeerAttempt | undefined): string {
  const peerLines: ReportLine[] = attempt ? [["peer", `${attempt.name}: ${peerText(attempt.check)}`]] : [];
  return formatLines([...reportLines(report), ...peerLines, ["verdict", verdictOf(report, attempt)]]);
}
