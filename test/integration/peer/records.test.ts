import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { connectPeers } from "../harness/peers.ts";

it("a peer records its connections with other peers where its options say", async () => {
  const folder = temporaryFolder();
  const keyLogFile = join(folder, "keys.log");
  const qlogFolder = join(folder, "qlog");
  const { near, alice } = await connectPeers({ alice: { keyLogFile, qlogFolder } });
  await near.close();
  await alice.close();
  const labels = readFileSync(keyLogFile, "utf8").match(/^\w+/gm);
  expect(labels?.toSorted()).toEqual(
    ["HANDSHAKE_TRAFFIC_SECRET", "TRAFFIC_SECRET_0"]
      .flatMap((name) => [`CLIENT_${name}`, `SERVER_${name}`])
      .concat("EXPORTER_SECRET")
      .toSorted(),
  );
  expect(readdirSync(qlogFolder)).toEqual([expect.stringMatching(/-client\.qlog$/)]);
});
