/** Time after which a request of an honest client counts as failed, in ms: what hangs ends, and a busy machine is no failure. */
export const patienceMs = 60_000;
