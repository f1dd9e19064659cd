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

/** Counts work that an attack got done. A request that the relay refused before any work does not count. */
export type Tally = (count?: number) => void;

/** One kind of hostile traffic. */
export interface Attack {
  /** A short name, for a table. */
  readonly name: string;
  /** The unit of the tally, in the plural. */
  readonly unit: string;
  /** Whether the turns of the relay's event loop are bounded too: the relay checks a limit before it does any work. */
  readonly boundsTurns?: boolean;
  /** Attacks until `signal` aborts. Resolves when everything that it opened is closed. */
  readonly run: (target: Target, signal: AbortSignal, tally: Tally) => Promise<void>;
}
