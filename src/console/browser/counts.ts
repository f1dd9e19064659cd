import { byId, create, setText } from "./elements.ts";
import type { Totals } from "./snapshot.ts";
import { formatCount } from "./quantities.ts";

/** Explanations of the drop reasons whose names are not obvious. */
const explanations: Readonly<Record<string, string>> = {
  empty: "datagrams without payload",
  "source-unregistered": "from an address of no live session",
  "rate-limited": "the sender's rate is used up",
  "source-is-destination": "a peer that sends to itself",
  "session-expired": "the session's time is over",
  "no-address": "the session has no proven address yet",
  "no-route": "a peer's packet that leads to nobody",
  "initial-route-taken": "a dial with the connection ID of another",
  "send-failed": "the system refused to send it",
  "send-buffer-full": "the socket has no room",
  "no-upstream": "for a gateway, but there is none",
  "gateway-no-opening": "from a new address, and not QUIC enough for the gateway",
  "gateway-full": "too many gateway clients",
  "gateway-rate": "new gateway clients come too fast",
  "gateway-share": "too many gateway clients of one address",
  "gateway-stranger-rate": "clients of connections that nobody knows come too fast",
  "gateway-share-rate": "new gateway clients of one address come too fast",
  "gateway-send-failed": "gateway or client could not be sent to",
  "gateway-too-long": "how the gateway finds the longest datagram that passes",
  "gateway-stray": "at the gateway's side, but not from the gateway",
  "stun-unanswered": "STUN that gets no answer",
};

/** Shows the dropped datagrams by reason, most frequent first. */
export function showDrops({ dropped }: Totals): void {
  const reasons = Object.entries(dropped)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a);
  const most = reasons[0]?.[1] ?? 1;
  byId("drops").replaceChildren(...reasons.map(([reason, count]) => bar(reason, count, most)));
  byId("drops-empty").hidden = reasons.length > 0;
}

function bar(reason: string, count: number, most: number): HTMLLIElement {
  const meter = create("meter", { attributes: { "aria-hidden": "true" } });
  meter.max = most;
  meter.value = count;
  const line = create(
    "span",
    { className: "line" },
    create("span", {}, reason),
    create("b", {}, formatCount(count)),
  );
  return create("li", {}, line, meter, create("span", { className: "hint" }, explanations[reason] ?? ""));
}

const mailboxRows = [
  ["queued", "Waiting now"],
  ["taken", "Taken"],
  ["expired", "Expired"],
  ["refused", "Refused"],
  ["recalled", "Recalled"],
] as const;

/** Shows the waiting messages, the outcomes of the others, and the number of waiting readers. */
export function showMailbox({ mailbox, waiters }: Totals): void {
  const rows = [
    ...mailboxRows.map(([key, label]) => [label, mailbox[key]] as const),
    ["Long polls and event streams", waiters] as const,
  ];
  const list = byId("mailbox");
  if (list.childElementCount === 0)
    list.append(...rows.map(([label]) => create("div", {}, create("dt", {}, label), create("dd"))));
  for (const [index, [, count]] of rows.entries())
    setText(list.children[index]!.lastElementChild!, formatCount(count));
}
