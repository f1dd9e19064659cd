/** Bounds of a shared resource: the most that one holder may have, and the most in all. */
export interface Bounds {
  readonly one: number;
  readonly all: number;
}

/** The amount already held: by the requester, and by all. */
export interface Held {
  readonly own: number;
  readonly all: number;
}

/**
 * Reports whether the requester may have `asked` more. No holder may exceed its share, and the last quarter is reserved for
 * holders that have nothing yet. Early holders therefore cannot keep others out, alone or with a few helpers.
 */
export function isWithinShare(asked: number, held: Held, bounds: Bounds): boolean {
  if (held.all + asked > bounds.all) return false;
  if (held.own === 0) return true;
  const kept = Math.floor(bounds.all / 4);
  return held.own + asked <= bounds.one && held.all + asked <= bounds.all - kept;
}
