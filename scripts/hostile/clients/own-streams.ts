import type { EngineConnection } from "../../../src/peer/engine/contract.ts";

/** A client's streams, by the IDs that they will have (RFC 9000 §2.1). The engine opens them in order. */
export class OwnStreams {
  readonly #engine: EngineConnection;
  /** The lowest ID of each kind that is not open yet. */
  readonly #next = { bidirectional: 0, unidirectional: 2 };

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  /** Opens streams up to an ID, as far as the server allows. Reports whether that one is open. */
  open(id: number): boolean {
    const kind = id % 4 === 0 ? "bidirectional" : "unidirectional";
    for (; this.#next[kind] <= id; this.#next[kind] += 4)
      if (this.#engine.openStream(kind) === undefined) return false;
    return true;
  }
}
