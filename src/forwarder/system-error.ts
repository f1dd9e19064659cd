/** The system's code for a failure, such as `ENOBUFS`: that of an error, or the code itself. */
export function systemCode(failure: unknown): string {
  if (typeof failure === "string") return failure;
  return failure instanceof Error && "code" in failure ? String(failure.code) : "unknown";
}
