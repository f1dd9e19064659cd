import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { relayOptions } from "../../../../src/cli/peer/relay-access.ts";
import { createCertificate } from "../../../../src/files/certificate.ts";
import { developmentCertificatePath } from "../../../../src/gateway/index.ts";

let certificate: string;

beforeAll(async () => {
  ({ certificate } = await createCertificate({ name: "relay", hosts: ["localhost"] }));
});

/** Gives this user a development certificate. */
function keepDevelopmentCertificate(): void {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-access-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv("XDG_STATE_HOME", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  mkdirSync(dirname(developmentCertificatePath()), { mode: 0o700 });
  writeFileSync(developmentCertificatePath(), certificate);
}

describe("a relay on the command line", () => {
  it("on this machine is known by the development certificate, if there is one", () => {
    keepDevelopmentCertificate();
    const relay = "https://localhost:4433";
    expect(relayOptions({ relay })).toEqual({ relay, relayCa: certificate });
    rmSync(developmentCertificatePath());
    expect(relayOptions({ relay })).toEqual({ relay });
  });

  it.each(["https://relay.example:4433", "http://localhost:3000"])(
    "elsewhere or without TLS is not: %s",
    (relay) => {
      keepDevelopmentCertificate();
      expect(relayOptions({ relay })).toEqual({ relay });
    },
  );
});
