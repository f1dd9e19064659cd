/** Reports whether a kernel release, as `uname -r` prints it, is at least a version such as `5.14`. */
export function isKernelAtLeast(release: string, version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(release);
  const [wantedMajor = 0, wantedMinor = 0] = numbersOf(version);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function numbersOf(version: string): number[] {
  return version.split(/[.-]/, 2).map((part) => Number.parseInt(part, 10) || 0);
}

/** First version with BPF_PROG_TYPE_SYSCALL, the type of the program's loader. */
export const oldestKernel = "5.14";
