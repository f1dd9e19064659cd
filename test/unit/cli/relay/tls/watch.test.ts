import { X509Certificate } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { TlsText } from "../../../../../src/cli/relay/tls/files.ts";
import { CertificateWatch } from "../../../../../src/cli/relay/tls/watch.ts";
import { createCertificate } from "../../../../../src/files/certificate.ts";
import { temporaryFolder } from "../../../../integration/harness/folder.ts";

async function makeTls(): Promise<TlsText> {
  const made = await createCertificate({ name: "test", hosts: ["localhost"] });
  return { cert: made.certificate, key: made.privateKey };
}

function write(folder: string, { cert, key }: TlsText): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key);
}

/** Points links at the files of a folder below, as certbot does with each of its own. */
function link(folder: string, archive: string): void {
  for (const name of ["cert.pem", "key.pem"]) {
    symlinkSync(join(archive, name), join(folder, `${name}.new`));
    renameSync(join(folder, `${name}.new`), join(folder, name));
  }
}

interface Watched {
  readonly watch: CertificateWatch;
  readonly folder: string;
  readonly served: TlsText[];
  readonly errors: string[];
  readonly warnings: string[];
}

/** Watches the files in a folder, which `prepare` may lay out in its own way. */
async function start(first: TlsText, prepare = write, now: () => number = Date.now): Promise<Watched> {
  const folder = temporaryFolder();
  prepare(folder, first);
  const [served, errors, warnings]: [TlsText[], string[], string[]] = [[], [], []];
  const watch = new CertificateWatch({
    files: {
      cert: join(folder, "cert.pem"),
      key: join(folder, "key.pem"),
      names: { cert: "--cert", key: "--key" },
    },
    served: first,
    log: { error: (line) => void errors.push(line), warn: (line) => void warnings.push(line) },
    onChange: async (renewed) => void served.push(renewed),
    now,
  });
  onTestFinished(() => watch.close());
  return { watch, folder, served, errors, warnings };
}

describe("the files of the certificate", () => {
  it("are looked at again and again, and served where they hold another one", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const [first, second] = [await makeTls(), await makeTls()];
    const { watch, folder, served } = await start(first);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(served).toEqual([]);
    write(folder, second);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(served).toEqual([second]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([served.length, watch.certificate]).toEqual([1, second.cert]);
    watch.close();
    write(folder, first);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(served).toHaveLength(1);
  });

  it("may be renamed into their place", async () => {
    const [first, second] = [await makeTls(), await makeTls()];
    const { watch, folder, served } = await start(first);
    write(join(folder, "new"), second);
    for (const name of ["cert.pem", "key.pem"]) renameSync(join(folder, "new", name), join(folder, name));
    await watch.look();
    expect(served).toEqual([second]);
  });

  it("may be links that certbot replaces, each on its own", async () => {
    const [first, second] = [await makeTls(), await makeTls()];
    const { watch, folder, served } = await start(first, (live, tls) => {
      write(join(live, "archive1"), tls);
      link(live, "archive1");
    });
    write(join(folder, "archive2"), second);
    link(folder, "archive2");
    await watch.look();
    expect(served).toEqual([second]);
  });

  it("may be links into a folder that Kubernetes replaces at once", async () => {
    const [first, second] = [await makeTls(), await makeTls()];
    const { watch, folder, served } = await start(first, (volume, tls) => {
      write(join(volume, "..1"), tls);
      symlinkSync("..1", join(volume, "..data"));
      for (const name of ["cert.pem", "key.pem"]) symlinkSync(join("..data", name), join(volume, name));
    });
    write(join(folder, "..2"), second);
    symlinkSync("..2", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    await watch.look();
    expect(served).toEqual([second]);
  });

  it("are not served while they do not fit, which is told at the second look, once", async () => {
    const [first, second] = [await makeTls(), await makeTls()];
    const { watch, folder, served, errors } = await start(first);
    writeFileSync(join(folder, "cert.pem"), second.cert);
    await watch.look();
    expect(errors).toEqual([]);
    for (let looks = 0; looks < 3; looks++) await watch.look();
    expect(errors).toEqual([
      expect.stringMatching(
        /^quicpipe: the certificate before is served on: --key \S+key\.pem does not belong to the \(first\) certificate of --cert \S+cert\.pem \(ERR_QUICPIPE_OPTION_INVALID\)$/,
      ),
    ]);
    writeFileSync(join(folder, "key.pem"), second.key);
    await watch.look();
    expect(served).toEqual([second]);
  });

  it("may be away, which a user who asks is told at once", async () => {
    const first = await makeTls();
    const { watch, folder, served, errors } = await start(first);
    renameSync(join(folder, "key.pem"), join(folder, "away.pem"));
    await watch.look(true);
    expect(errors).toEqual([expect.stringMatching(/--key cannot be read: ENOENT/)]);
    renameSync(join(folder, "away.pem"), join(folder, "key.pem"));
    await watch.look();
    expect([served, errors.length]).toEqual([[], 1]);
  });
});

describe("the end of the certificate", () => {
  const day = 86_400_000;

  it("is warned of from 14 days before, once a day", async () => {
    const first = await makeTls();
    const { validToDate } = new X509Certificate(first.cert);
    let nowMs = validToDate.getTime() - 15 * day;
    const { watch, warnings } = await start(first, write, () => nowMs);
    await watch.look();
    expect(warnings).toEqual([]);
    nowMs += 2 * day;
    await watch.look();
    await watch.look();
    expect(warnings).toEqual([expect.stringMatching(/expires on .*, in less than 13 days: renew it$/)]);
    nowMs += 14 * day;
    await watch.look();
    expect(warnings[1]).toMatch(/has expired on .*: peers do not trust it$/);
    expect(warnings).toHaveLength(2);
  });

  it("is warned of at the start, and so is a certificate that is not valid yet", async () => {
    const first = await makeTls();
    const { warnings } = await start(first, write, () => 0);
    expect(warnings).toEqual([expect.stringMatching(/valid only from .* on: peers do not trust it yet$/)]);
  });
});
