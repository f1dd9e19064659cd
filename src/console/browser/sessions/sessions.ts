import type { StatsOrder, StatsPage } from "../../../protocol.ts";
import { byId, setText } from "../elements.ts";
import { formatCount } from "../quantities.ts";
import { readSessions, reasonOf } from "../relay-client.ts";
import { Revocation } from "./revocation.ts";
import { type Column, nextOrder, type Order, sorted } from "./session-order.ts";
import { SessionTable } from "./session-table.ts";

const pageSize = 100;
/** Most sessions that the relay lists at once. The filter is for finding others. */
const maxSessions = 1000;
const refreshMs = 2000;

/** The list of sessions that match the filter, refreshed every 2 s while the page is visible. */
export class Sessions {
  readonly #filter: HTMLInputElement = byId("filter");
  readonly #order: HTMLSelectElement = byId("order");
  readonly #table: SessionTable;
  #limit = pageSize;
  #columnOrder: Order | undefined;
  #page: StatsPage = { registrations: [], next: null };
  #reading = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const revocation = new Revocation(() => void this.refresh());
    this.#table = new SessionTable(byId("sessions-rows"), (session) => revocation.ask(session));
    this.#filter.addEventListener("input", () => this.#choose());
    this.#order.addEventListener("change", () => this.#choose());
    byId("sessions-form").addEventListener("submit", (event) => event.preventDefault());
    byId("sessions-more").addEventListener("click", () => {
      this.#limit = Math.min(this.#limit + pageSize, maxSessions);
      void this.refresh();
    });
    for (const heading of document.querySelectorAll<HTMLElement>("th[data-column]"))
      heading.addEventListener("click", () => this.#sortBy(heading.dataset["column"] as Column));
    document.addEventListener("visibilitychange", () => void this.refresh());
  }

  /** Reads the list now and at regular intervals from then on. Of concurrent reads only the last is shown. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    const reading = ++this.#reading;
    const problem = await this.#read(reading);
    if (reading !== this.#reading) return;
    setText(byId("sessions-problem"), problem);
    this.#timer = setTimeout(() => void this.refresh(), refreshMs);
  }

  /** Reads and shows the list. Returns an error message, or an empty string. */
  async #read(reading: number): Promise<string> {
    const query = {
      limit: this.#limit,
      order: this.#order.value as StatsOrder,
      filter: this.#filter.value.trim(),
    };
    try {
      const page = await readSessions(query);
      if (reading !== this.#reading) return "";
      this.#page = page;
      this.#show();
      return "";
    } catch (error) {
      // The status line already shows a lost connection.
      return error instanceof TypeError ? "" : `The sessions cannot be read: ${reasonOf(error)}`;
    }
  }

  #choose(): void {
    this.#limit = pageSize;
    void this.refresh();
  }

  #sortBy(column: Column): void {
    const order = nextOrder(this.#columnOrder, column);
    this.#columnOrder = order;
    for (const heading of document.querySelectorAll<HTMLElement>("th[data-column]")) {
      if (order && heading.dataset["column"] === order.column)
        heading.setAttribute("aria-sort", order.direction);
      else heading.removeAttribute("aria-sort");
    }
    this.#show();
  }

  #show(): void {
    const { registrations, next } = this.#page;
    const count = registrations.length;
    const isFull = this.#limit >= maxSessions;
    this.#table.show(sorted(registrations, this.#columnOrder));
    setText(byId("sessions-count"), next === null ? formatCount(count) : `first ${formatCount(count)}`);
    byId("sessions-more").hidden = next === null || isFull;
    const empty = byId("sessions-empty");
    empty.hidden = count > 0;
    setText(
      empty,
      this.#filter.value.trim() === ""
        ? "Nobody is registered. Sessions appear here as peers come."
        : "No session has this in its name or address.",
    );
  }
}
