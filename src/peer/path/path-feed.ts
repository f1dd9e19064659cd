import * as defaults from "../../defaults/index.ts";
import type { RelayReason } from "./policy.ts";

/** Something that has happened to the paths of a connection. Addresses are texts such as `192.0.2.1:443`. */
export type ConnectionPathEvent =
  /** A direct path has been opened, and is about to be chosen or not. */
  | { readonly kind: "opened"; readonly remote: string }
  /** Packets take the direct path alone, for the first time or again. */
  | { readonly kind: "selected"; readonly remote: string; readonly rttMs: number }
  /** The direct path is in doubt: packets take both ways. */
  | { readonly kind: "suspect"; readonly remote: string }
  /** Packets take the relay again. */
  | { readonly kind: "lost"; readonly remote: string; readonly reason: RelayReason }
  /** No direct path is to be had, for now or for good. */
  | { readonly kind: "refused"; readonly reason: RelayReason };

/** Gives events to whoever iterates, from then on until the connection ends. What comes while 64 wait is lost to that reader. */
export class PathFeed implements AsyncIterable<ConnectionPathEvent> {
  readonly #readers = new Set<ReadableStreamDefaultController<ConnectionPathEvent>>();
  #isClosed = false;

  publish(event: ConnectionPathEvent): void {
    for (const reader of this.#readers) if (reader.desiredSize! > 0) reader.enqueue(event);
  }

  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.close();
    this.#readers.clear();
  }

  [Symbol.asyncIterator](): AsyncIterator<ConnectionPathEvent> {
    return this.#read()[Symbol.asyncIterator]();
  }

  #read(): ReadableStream<ConnectionPathEvent> {
    let own: ReadableStreamDefaultController<ConnectionPathEvent>;
    return new ReadableStream(
      {
        start: (controller) => {
          own = controller;
          if (this.#isClosed) own.close();
          else this.#readers.add(own);
        },
        cancel: () => void this.#readers.delete(own),
      },
      { highWaterMark: defaults.pathEventQueue },
    );
  }
}
