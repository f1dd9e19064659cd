import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, createCertificate } from "../../../src/gateway/index.ts";
import { temporaryFolder } from "./folder.ts";

let certificate: Promise<Certificate> | undefined;

/** One certificate for all tests of a file: making it is the slow part. */
export function testCertificate(): Promise<Certificate> {
  certificate ??= createCertificate({ name: "test", hosts: ["localhost", "127.0.0.1"] });
  return certificate;
}

/** A folder of the test's own with a certificate and its key in files, for other processes. */
export function certificateFiles(tls: Certificate): { folder: string; cert: string; key: string } {
  const folder = temporaryFolder();
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  writeFileSync(cert, tls.certificate);
  writeFileSync(key, tls.privateKey);
  return { folder, cert, key };
}
