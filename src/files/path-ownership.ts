/** One step on the way from the root to a folder, as `lstat` tells of it. */
export interface PathStep {
  readonly path: string;
  readonly kind: "folder" | "link" | "other";
  /** Numbers of its user and group. */
  readonly user: number;
  readonly group: number;
  /** Permission bits, the sticky one included. */
  readonly mode: number;
}

/**
 * Says in a clause why a folder is not one user's alone; `undefined` if it is: nobody but that user and root can put
 * another one in its place, or read or change what is in it.
 *
 * @param steps from the root to the folder, with the links on the way.
 */
export function refusalOfFolder(steps: readonly PathStep[], user: number): string | undefined {
  const folder = steps.at(-1)!;
  const above = refusalOfWay(steps.slice(0, -1), user);
  if (above !== undefined) return above;
  if (folder.kind !== "folder") return "is no folder";
  if (folder.user !== user) return `belongs to another user (${folder.user})`;
  const permissions = folder.mode & 0o777;
  return permissions === 0o700
    ? undefined
    : `has the mode ${octal(permissions)}, not 0700 (run \`chmod 700 ${folder.path}\`)`;
}

/** Says in a clause why a folder below these steps would not be one user's alone; `undefined` if it could be. */
export function refusalOfWay(steps: readonly PathStep[], user: number): string | undefined {
  // Whoever has the root has all that is below; in a user namespace that need not be user 0.
  const trusted = new Set([0, user, ...steps.slice(0, 1).map((root) => root.user)]);
  for (const step of steps) {
    if (!trusted.has(step.user)) return `is below ${step.path}, which belongs to another user (${step.user})`;
    if (isOpen(step))
      return `is below ${step.path}, which others can write to (${octal(step.mode)}; run \`chmod go-w ${step.path}\`)`;
  }
  return undefined;
}

/** Whether others can put one thing in the place of another there. Where the sticky bit is set, only its owner can. */
function isOpen({ kind, user, group, mode }: PathStep): boolean {
  if (kind === "link" || (mode & 0o1000) !== 0) return false;
  // A group with its user's number is that user's own, as useradd(8) makes them.
  return (mode & (group === user ? 0o002 : 0o022)) !== 0;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
