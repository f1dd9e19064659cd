/** The relay under attack, on loopback. */
export interface Target {
  readonly host: string;
  /** UDP port of the relay, and TCP port of its HTTP/2 server. */
  readonly port: number;
  /** Certificate to trust, PEM. */
  readonly certificate: string;
  /** Makes a token for a subject, with all scopes of a peer. */
  readonly token: (subject: string) => Promise<string>;
}

/** Counts what an attack got done: what the relay refused before it did anything is none of it. */
export type Tally = (count?: number) => void;

/** One kind of hostile traffic. */
export interface Attack {
  /** A few words, for a table. */
  readonly name: string;
  /** What it counts, in the plural. */
  readonly unit: string;
  /** Whether the turns of the relay's event loop are bounded as well: nothing is worked on before its limit is asked. */
  readonly boundsTurns?: boolean;
  /** Attacks until `signal` aborts, and resolves when all that it opened is closed. */
  readonly run: (target: Target, signal: AbortSignal, tally: Tally) => Promise<void>;
}
