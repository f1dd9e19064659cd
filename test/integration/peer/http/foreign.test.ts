import { join } from "node:path";
import { describe, expect } from "vitest";
import { certificateFiles, testCertificate } from "../../harness/certificate.ts";
import { projectPath, startChild } from "../../harness/child.ts";
import { itWith } from "../../harness/requirement.ts";
import { get, openSessionTo } from "../../harness/http/http3-session.ts";

/** Builds and starts quic-go's HTTP/3 server. */
async function startGoServer(): Promise<number> {
  const { folder, cert, key } = certificateFiles(await testCertificate());
  const program = join(folder, "http3");
  const build = startChild("/usr/lib/go-1.19/bin/go", ["build", "-mod=readonly", "-o", program, "./http3"], {
    cwd: projectPath("test/interop/seed"),
    env: { GOTOOLCHAIN: "local" },
  });
  expect(await build.exited, build.stderr()).toBe(0);
  const [, port] = await startChild(program, [cert, key]).prints(/port (\d+)/);
  return Number(port);
}

describe("an HTTP/3 session with quic-go's server", () => {
  itWith("go")("carries requests and responses, several at a time and long ones too", async () => {
    const port = await startGoServer();
    const session = await openSessionTo(port);
    const bodies = ["", "a", "b".repeat(300_000)];
    const authorization = "Bearer some.token";
    const answers = await Promise.all(
      bodies.map((body) =>
        session.request(
          get("/echo", { method: "POST", headers: { authorization }, body: Buffer.from(body) }),
        ),
      ),
    );
    const texts = answers.map(({ body }) => Buffer.from(body).toString());
    expect(texts).toEqual(bodies.map((body) => `POST localhost:${port} ${body}`));
    expect(answers.map(({ headers }) => headers.get("x-authorization"))).toEqual(
      bodies.map(() => authorization),
    );
    const long = await session.request(get("/long"));
    expect([long.status, long.body.length]).toEqual([200, 1_000_000]);
    expect((await session.request(get("/nowhere"))).status).toBe(404);
    expect(session.usable).toBe(true);
  });
});
