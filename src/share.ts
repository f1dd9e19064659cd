/** Something bounded that many share: how much one may hold of it, and how much all may. */
export interface Bounds {
  readonly one: number;
  readonly all: number;
}

/** What is held already: by whoever asks, and by everybody. */
export interface Held {
  readonly own: number;
  readonly all: number;
}

/**
 * Whether somebody may have `asked` more. Nobody may have more than a share, and the last quarter is for those who have
 * nothing yet: so whoever comes first cannot keep others out, alone or with few helpers.
 */
export function isWithinShare(asked: number, held: Held, bounds: Bounds): boolean {
  if (held.all + asked > bounds.all) return false;
  if (held.own === 0) return true;
  const kept = Math.floor(bounds.all / 4);
  return held.own + asked <= bounds.one && held.all + asked <= bounds.all - kept;
}
