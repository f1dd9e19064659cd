const oldestMajor = 24;

/** Returns a sentence if a Node version is too old; `undefined` otherwise. */
export function versionRefusal(version: string): string | undefined {
  return Number.parseInt(version, 10) >= oldestMajor
    ? undefined
    : `this needs Node ${oldestMajor} or later, and is run by Node ${version}: install a newer one (https://nodejs.org)`;
}
