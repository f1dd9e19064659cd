/** Tells whether a kernel, as `uname -r` names it, is of a version such as `5.14` or later. */
export function isKernelAtLeast(release: string, version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(release);
  const [wantedMajor = 0, wantedMinor = 0] = numbersOf(version);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function numbersOf(version: string): number[] {
  return version.split(/[.-]/, 2).map((part) => Number.parseInt(part, 10) || 0);
}

/** First with BPF_PROG_TYPE_SYSCALL, in which the loader of the program is written. */
export const oldestKernel = "5.14";
