import { expect } from "vitest";
import { certificateFiles, testCertificate } from "../certificate.ts";
import { type Child, projectPath, startChild } from "../child.ts";

/** A WebTransport server on quic-go. To ordinary requests over HTTP/3 it answers 404. It needs the part `go-1.26`. */
export interface WebTransportServer {
  readonly port: number;
  readonly child: Child;
}

let built: Promise<string> | undefined;

/** Builds the server; the module versions and their hashes are fixed in go.mod and go.sum. */
async function build(): Promise<string> {
  const program = projectPath("target/webtransport-go");
  const go = startChild("go", ["build", "-mod=readonly", "-o", program, "."], {
    cwd: projectPath("test/interop/webtransport-go"),
    env: { GOTOOLCHAIN: "local" },
  });
  expect(await go.exited, go.stderr()).toBe(0);
  return program;
}

/** Starts the server on loopback, with the test's certificate; it ends with the test. */
export async function startWebTransportServer(): Promise<WebTransportServer> {
  const program = await (built ??= build());
  const { cert, key } = certificateFiles(await testCertificate());
  const child = startChild(program, [cert, key, "127.0.0.1:0"], {
    env: { QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING: "true" },
  });
  const [, port] = await child.prints(/^port (\d+)$/m);
  return { port: Number(port), child };
}
