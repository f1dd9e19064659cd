/**
 * A name as it is shown: characters that cannot be seen, or that turn what follows the other way round, are written by
 * their number, so that no name passes for another.
 */
export function printable(name: string): string {
  return name.replaceAll(
    /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
