/** Runs some work for each item, for `width` of them at a time, and returns the results in the order of the items. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  width: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next; (next = left.shift());) results[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}
