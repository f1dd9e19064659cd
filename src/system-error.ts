/** The system's code for a failure, such as `EPERM`; the failure itself as text where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
