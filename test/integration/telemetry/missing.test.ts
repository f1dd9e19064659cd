import { describe, expect, it } from "vitest";
import { projectPath, startChild } from "../harness/child.ts";

async function runRelay(...options: readonly string[]): Promise<unknown> {
  const program = projectPath("test/integration/telemetry/programs/relay.ts");
  const child = startChild(process.execPath, [program, ...options]);
  const [line] = await child.prints(/^\{.*\}$/m);
  expect(await child.exited, child.stderr()).toBe(0);
  expect(child.stderr()).toBe("");
  return JSON.parse(line);
}

describe("a relay", () => {
  it("works where @opentelemetry/api is not installed", async () => {
    expect(await runRelay("missing", "on")).toMatchObject({ asked: 1, status: 200 });
  });

  it("works with the API alone, without an SDK", async () => {
    expect(await runRelay("installed", "on")).toMatchObject({ asked: 1, status: 200 });
  });

  it("does not ask for it with telemetry: false", async () => {
    expect(await runRelay("missing", "off")).toMatchObject({ asked: 0, status: 200 });
  });
});
