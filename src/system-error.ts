/** The system's code for a failure, such as `EPERM`: that of an error, or the code itself; the failure as text where it has none. */
export function codeOf(failure: unknown): string {
  return failure instanceof Error && "code" in failure ? String(failure.code) : String(failure);
}
