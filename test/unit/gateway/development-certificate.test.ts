import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { developmentCertificate, developmentCertificatePath } from "../../../src/gateway/index.ts";

describe("the development certificate", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "quicpipe-certificate-"));
    vi.stubEnv("XDG_STATE_HOME", folder);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it("is made once, for localhost, and kept", async () => {
    const first = await developmentCertificate();
    expect(await developmentCertificate()).toEqual(first);
    expect(new X509Certificate(first.cert).checkHost("localhost")).toBe("localhost");
  });

  it("is written once, so that a home that cannot be written to serves it too", async () => {
    await developmentCertificate();
    utimesSync(developmentCertificatePath(), 1, 1);
    await developmentCertificate();
    expect(statSync(developmentCertificatePath()).mtimeMs).toBe(1000);
    writeFileSync(developmentCertificatePath(), "of an earlier key");
    const { cert } = await developmentCertificate();
    expect(readFileSync(developmentCertificatePath(), "utf8")).toBe(cert);
  });

  it.each(["", "garbage\n"])(
    "is refused by the file's name, with the cure, where that holds %j",
    async (text) => {
      await developmentCertificate();
      const path = join(folder, "quicpipe/development-tls.pem");
      writeFileSync(path, text);
      await expect(developmentCertificate()).rejects.toMatchObject({
        code: "ERR_QUICPIPE_STATE_UNAVAILABLE",
        message: `${path} does not hold a certificate and its key: delete it to have a new one made`,
      });
    },
  );

  it("can be given to peers without its key", async () => {
    const { cert } = await developmentCertificate();
    const given = readFileSync(developmentCertificatePath(), "utf8");
    expect(given).toBe(cert);
    expect(given).not.toContain("PRIVATE KEY");
  });
});
