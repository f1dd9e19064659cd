import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import process from "node:process";
import { codeOf } from "../system-error.ts";

/** `e_machine` of the processors that Node runs on (System V ABI, chapter 4), by Node's names for them. */
const machines: Readonly<Record<string, number>> = {
  ia32: 3,
  ppc64: 21,
  s390x: 22,
  arm: 40,
  x64: 62,
  arm64: 183,
  riscv64: 243,
  loong64: 258,
};

const headerBytes = 64;

/**
 * Says what is wrong with an addon's file for Linux, as far as its header shows; `undefined` if nothing is. A file that is cut
 * off would end the process with SIGBUS when it is loaded, which no `catch` sees.
 */
export function headerFault(path: string, arch: string): string | undefined {
  const read = readHeader(path);
  if (typeof read === "string") return read;
  const { header, bytes } = read;
  if (header.length < headerBytes || header.readUInt32BE(0) !== 0x7f454c46)
    return `it holds no machine code for Linux (${bytes} bytes)`;
  const machine = header.readUInt16LE(18);
  if (machine !== machines[arch]) {
    const other = Object.keys(machines).find((name) => machines[name] === machine) ?? `machine ${machine}`;
    return `it is for ${other}, and this Node for ${arch}`;
  }
  // The section headers are the end of what a linker writes.
  const sections = header.readUInt16LE(58) * header.readUInt16LE(60);
  const end = Number(header.readBigUInt64LE(40)) + sections;
  return end > bytes ? `it is cut off: ${bytes} of ${end} bytes are there` : undefined;
}

/** Returns a file's header and its length, or why it cannot be read. */
function readHeader(path: string): { header: Buffer; bytes: number } | string {
  try {
    const file = openSync(path, "r");
    const header = Buffer.alloc(headerBytes);
    const read = { header: header.subarray(0, readSync(file, header)), bytes: fstatSync(file).size };
    closeSync(file);
    return read;
  } catch (error) {
    return `it cannot be read (${codeOf(error)})`;
  }
}

export type Libc = "glibc" | "musl";

/** Returns the C library of this process. One of musl reports no version of glibc. */
export function libcHere(): Libc {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? "musl" : "glibc";
}

/** Returns the C library that a file asks for by name; `undefined` if it names neither. */
export function libcOf(path: string): Libc | undefined {
  const bytes = readFileSync(path);
  if (bytes.includes("\0libc.so.6\0")) return "glibc";
  return bytes.includes("\0libc.so\0") || bytes.includes("\0libc.musl-") ? "musl" : undefined;
}
