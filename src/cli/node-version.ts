const oldestMajor = 24;

/** Says in a sentence that a Node is too old; `undefined` if it is not. */
export function versionRefusal(version: string): string | undefined {
  return Number.parseInt(version, 10) >= oldestMajor
    ? undefined
    : `this needs Node ${oldestMajor} or later, and is run by Node ${version}: install a newer one (https://nodejs.org)`;
}
