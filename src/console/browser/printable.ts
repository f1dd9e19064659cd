/**
 * Returns a name in printable form. Control characters and bidirectional formatting characters are escaped by their code
 * point, so that they cannot disguise a name.
 */
export function printable(name: string): string {
  return name.replaceAll(
    /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
