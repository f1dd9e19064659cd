import { expect, it } from "vitest";
import { type ConnectionPathEvent, PathFeed } from "../../../../src/peer/path/path-feed.ts";

const suspect: ConnectionPathEvent = { kind: "suspect", remote: "192.0.2.1:1" };

async function all(feed: AsyncIterable<ConnectionPathEvent>): Promise<ConnectionPathEvent[]> {
  return await Array.fromAsync(feed);
}

it("Every reader gets the events from then on, until the end", async () => {
  const feed = new PathFeed();
  feed.publish(suspect);
  const readers = [all(feed), all(feed)];
  feed.publish({ kind: "refused", reason: "policy" });
  feed.close();
  for (const events of await Promise.all(readers))
    expect(events).toEqual([{ kind: "refused", reason: "policy" }]);
});

it("A reader that takes nothing keeps 64 events", async () => {
  const feed = new PathFeed();
  const iterator = feed[Symbol.asyncIterator]();
  for (let i = 0; i < 100; i++) feed.publish(suspect);
  feed.close();
  let count = 0;
  while (!(await iterator.next()).done) count++;
  expect(count).toBe(64);
});

it("A reader that breaks off is forgotten", async () => {
  const feed = new PathFeed();
  const first = (async () => {
    for await (const event of feed) return event;
    return undefined;
  })();
  feed.publish(suspect);
  expect(await first).toEqual(suspect);
  feed.publish(suspect);
  feed.close();
});

it("Who begins after the end gets nothing", async () => {
  const feed = new PathFeed();
  feed.close();
  expect(await all(feed)).toEqual([]);
});
