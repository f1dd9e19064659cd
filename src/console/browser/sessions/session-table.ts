import type { RegistrationStats as Session } from "../../../protocol.ts";
import { create, setText } from "../elements.ts";
import { printable } from "../printable.ts";
import { formatBytes, formatCount, formatLife, formatQuiet } from "../quantities.ts";
import { droppedOf } from "./session-order.ts";

interface Cell {
  readonly label: string;
  readonly className: string;
  readonly text: (session: Session) => string;
  /** A second line. */
  readonly hint?: (session: Session) => string;
}

const cells: readonly Cell[] = [
  { label: "", className: "name", text: ({ subject }) => printable(subject) },
  { label: "Address", className: "address", text: ({ address }) => address ?? "not proven yet" },
  { label: "Path", className: "path", text: ({ path }) => (path === "none" ? "–" : path) },
  {
    label: "Packets/s",
    className: "number",
    text: ({ rate }) => (rate ? formatCount(rate.packetsPerSecond) : "–"),
  },
  {
    label: "Bytes/s",
    className: "number",
    text: ({ rate }) => (rate ? formatBytes(rate.bytesPerSecond) : "–"),
  },
  { label: "Quiet", className: "number", text: ({ quietMs }) => formatQuiet(quietMs) },
  {
    label: "Sent",
    className: "number",
    text: ({ bytesFrom }) => formatBytes(bytesFrom),
    hint: ({ packetsFrom }) => `${formatCount(packetsFrom)} packets`,
  },
  {
    label: "Received",
    className: "number",
    text: ({ bytesTo }) => formatBytes(bytesTo),
    hint: ({ packetsTo }) => `${formatCount(packetsTo)} packets`,
  },
  { label: "Dropped", className: "number", text: (session) => formatCount(droppedOf(session)) },
  {
    label: "Expires",
    className: "number",
    text: ({ expiresAt }) => formatLife(Date.parse(expiresAt) - Date.now()),
  },
];

/** The rows of the table. A session keeps its row element while it is shown, and with it focus and selection. */
export class SessionTable {
  readonly #body: HTMLTableSectionElement;
  readonly #onEnd: (session: Session) => void;
  readonly #rows = new Map<string, SessionRow>();

  constructor(body: HTMLTableSectionElement, onEnd: (session: Session) => void) {
    this.#body = body;
    this.#onEnd = onEnd;
  }

  show(sessions: readonly Session[]): void {
    const ids = new Set(sessions.map(({ id }) => id));
    for (const [id, row] of this.#rows)
      if (!ids.has(id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    for (const [index, session] of sessions.entries()) {
      const row = this.#rows.get(session.id) ?? new SessionRow(this.#onEnd);
      this.#rows.set(session.id, row);
      row.show(session);
      const place = this.#body.children[index] ?? null;
      if (place !== row.element) this.#body.insertBefore(row.element, place);
    }
  }
}

class SessionRow {
  readonly element: HTMLTableRowElement = create("tr", { attributes: { role: "row" } });
  readonly #button: HTMLButtonElement = create("button", { attributes: { type: "button" } }, "End");
  #session: Session | undefined;

  constructor(onEnd: (session: Session) => void) {
    const shape = { role: "cell" };
    this.element.append(
      ...cells.map(({ label, className, hint }) =>
        create(
          "td",
          { className, data: label === "" ? {} : { label }, attributes: shape },
          create("span"),
          ...(hint ? [create("span", { className: "hint" })] : []),
        ),
      ),
      create("td", { attributes: shape }, this.#button),
    );
    this.#button.addEventListener("click", () => this.#session && onEnd(this.#session));
  }

  show(session: Session): void {
    this.#session = session;
    for (const [index, { text, hint, className }] of cells.entries()) {
      const cell = this.element.children[index] as HTMLTableCellElement;
      setText(cell.children[0]!, text(session));
      if (hint) setText(cell.children[1]!, hint(session));
      if (className === "path") showPath(cell.children[0] as HTMLElement, session.path);
    }
    const [name] = this.element.children as unknown as [HTMLElement];
    name.title = printable(session.subject);
    this.#button.setAttribute("aria-label", `End the session of ${printable(session.subject)}`);
    (this.element.children[dropCell] as HTMLElement).title = Object.entries(session.dropped)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${reason}: ${count}`)
      .join("\n");
  }
}

const dropCell = cells.findIndex(({ label }) => label === "Dropped");

function showPath(chip: HTMLElement, path: Session["path"]): void {
  chip.className = path === "none" ? "" : "chip";
  chip.dataset["tone"] = path;
}
