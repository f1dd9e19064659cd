/** Edits after which a word is another one rather than a mistyped one. */
const maxEdits = 2;

/** Returns ` (did you mean …?)` with the known word that is nearest to a mistyped one; empty if none is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = known
    .map((each) => ({ each, edits: editsBetween(word, each) }))
    .filter(({ edits, each }) => edits <= maxEdits && edits < each.length)
    .toSorted((a, b) => a.edits - b.edits);
  return near[0] === undefined ? "" : ` (did you mean ${near[0].each}?)`;
}

/** Returns the number of characters to insert, delete or replace (Levenshtein). */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, character] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++)
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (to[j] === character ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}
