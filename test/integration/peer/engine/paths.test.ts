import { expect, it } from "vitest";
import { connectPair, exchange, openStream, talk } from "./pair.ts";

const twoPaths = { maxPaths: 2, cidLimit: 64 };

it("a path is opened, told to both sides, and carries what the first one does not", async () => {
  const pair = await connectPair(twoPaths, twoPaths);
  const { client, server } = pair;
  const id = client.engine.openPath(false) as number;
  exchange(pair);
  for (const { told, engine } of [client, server]) {
    expect(told).toContain(`onPath {"kind":"opened","id":${id}}`);
    expect(engine.paths().map((path) => path.id)).toEqual([0, id]);
  }
  expect(client.engine.setPathBackup(0, true)).toBe(true);
  exchange(pair);
  expect(server.told).toContain('onPath {"kind":"preferred","id":0,"isBackup":true}');
  const sent = client.engine.paths()[1]!.bytesSent;
  client.engine.streamSend(openStream(client), Buffer.alloc(5000), true);
  await talk(pair, () => client.engine.paths()[1]!.bytesSent > sent + 5000);
  expect(client.engine.sentPath).toBe(id);
});

it("a path is closed by one side for both, but for the last one", async () => {
  const pair = await connectPair(twoPaths, twoPaths);
  const { client, server } = pair;
  const id = client.engine.openPath(true) as number;
  exchange(pair);
  expect(client.engine.pingPath(id)).toBe(true);
  expect(server.engine.closePath(id)).toBe(true);
  exchange(pair);
  expect(server.told).toContain(`onPath {"kind":"closed","id":${id},"by":"this"}`);
  expect(client.told).toContain(`onPath {"kind":"closed","id":${id},"by":"other"}`);
  expect(client.engine.closePath(0)).toBe(false);
});

it("a path that cannot be opened is refused with the reason", async () => {
  const plain = await connectPair(twoPaths);
  expect(plain.client.engine.openPath(false)).toBe("no-multipath");
  const { client, server } = await connectPair(twoPaths, twoPaths);
  expect(server.engine.openPath(false)).toBe("server");
  expect(client.engine.openPath(false)).toBe(1);
  expect(client.engine.openPath(false)).toBe("limit");
});
