import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { projectPath } from "../../harness/child.ts";
import { itWith } from "../../harness/requirement.ts";

/** Frees 120 MB below a block that stays in use, and prints the resident memory before and after it is returned. */
const program = `
  const { setTimeout: sleep } = require("node:timers/promises");
  const { trimMemory } = require(${JSON.stringify(projectPath("src/forwarder/native/load.ts"))}).loadAddon().addon;
  const rssBytes = () => process.memoryUsage().rss;
  let blocks = Array.from({ length: 4000 }, () => Buffer.allocUnsafeSlow(30_000).fill(1));
  const [last] = blocks.splice(-1);
  blocks = undefined;
  (async () => {
    for (let i = 0; i < 10; i++) {
      gc();
      await sleep(20);
    }
    const freed = rssBytes();
    trimMemory();
    for (let i = 0; i < 500 && freed - rssBytes() < 60e6; i++) await sleep(20);
    console.log(JSON.stringify({ returnedBytes: freed - rssBytes(), kept: last.length }));
  })();
`;

itWith("native")("the addon returns memory that was freed below a block in use", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--eval", program]);
  const { returnedBytes } = JSON.parse(stdout) as { returnedBytes: number };
  expect(returnedBytes).toBeGreaterThan(60e6);
});
