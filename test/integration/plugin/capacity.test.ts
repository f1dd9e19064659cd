import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { projectPath } from "../harness/child.ts";

it("a registered connection ID takes no more than 100 bytes, measured on the real data plane", async () => {
  const command = ["--expose-gc", projectPath("test/integration/plugin/capacity-probe.ts")];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  const { bytesPerCid } = JSON.parse(stdout) as { readonly bytesPerCid: number };
  console.log(`capacity: ${bytesPerCid} bytes per connection ID`);
  // Its 12 bytes at least. `npm run bench` has the bounds on time.
  expect(bytesPerCid).toBeGreaterThan(12);
  expect(bytesPerCid).toBeLessThanOrEqual(100);
});
