import { developmentTokenTtlSeconds } from "../../defaults/index.ts";
import type { PeerOptions } from "../../peer/index.ts";
import { givenToken, type RelayAccessArgs } from "./relay-access.ts";

/** A token, or a function that returns the current one. */
export type Token = NonNullable<PeerOptions["token"]>;

/**
 * Returns the token in the environment, or a function that reads the given file whenever a token is needed, so that it may be replaced while
 * the command runs. In the moment in which the file is not there or empty, the last one counts.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if the file cannot be read or is empty now.
 */
export function givenTokenSource(args: RelayAccessArgs): Token | undefined {
  const first = givenToken(args);
  if (first === undefined || args["token-file"] === undefined) return first;
  let last = first;
  return () => {
    try {
      last = givenToken(args) ?? last;
    } catch {
      // Another program is writing it.
    }
    return last;
  };
}

/** Time before the end of a minted token at which another is minted, in ms: a laptop that wakes up has some minutes to go. */
const marginMs = 5 * 60_000;

/**
 * Returns a function that returns a token made on this machine, and makes another when that one is about to expire. Makes the first at once.
 *
 * @param mint makes one that is valid for `developmentTokenTtlSeconds`.
 * @throws the errors of `mint`.
 */
export async function mintedTokenSource(mint: () => Promise<string>): Promise<() => Promise<string>> {
  let token = await mint();
  let madeAtMs = Date.now();
  return async () => {
    const ageMs = Date.now() - madeAtMs;
    // A clock that was set back says nothing of the age.
    if (ageMs >= 0 && ageMs < developmentTokenTtlSeconds * 1000 - marginMs) return token;
    token = await mint();
    madeAtMs = Date.now();
    return token;
  };
}
