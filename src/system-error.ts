/**
 * Returns the system's code for a failure, such as `EPERM`. The failure is an error or the code itself; one without a code
 * is returned as text.
 */
export function codeOf(failure: unknown): string {
  return failure instanceof Error && "code" in failure ? String(failure.code) : String(failure);
}
