/** One step of the path from the root to a folder, as reported by `lstat`. */
export interface PathStep {
  readonly path: string;
  readonly kind: "folder" | "link" | "other";
  /** User and group IDs of the owner. */
  readonly user: number;
  readonly group: number;
  /** Permission bits, including the sticky bit. */
  readonly mode: number;
}

/**
 * Returns a clause that states why a folder is not private to a user, or `undefined` if it is. A folder is private if only
 * that user and root can replace it, or read or change its contents.
 *
 * @param steps from the root to the folder, including the links on the way.
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

/** Returns a clause that states why a folder below these steps could not be private to a user, or `undefined` if it could. */
export function refusalOfWay(steps: readonly PathStep[], user: number): string | undefined {
  // The owner of the root owns everything below it. In a user namespace that need not be user 0.
  const trusted = new Set([0, user, ...steps.slice(0, 1).map((root) => root.user)]);
  for (const step of steps) {
    if (!trusted.has(step.user)) return `is below ${step.path}, which belongs to another user (${step.user})`;
    if (isOpen(step))
      return `is below ${step.path}, which others can write to (${octal(step.mode)}; run \`chmod go-w ${step.path}\`)`;
  }
  return undefined;
}

/** Reports whether other users can replace entries of a step. With the sticky bit, only an entry's owner can. */
function isOpen({ kind, user, group, mode }: PathStep): boolean {
  if (kind === "link" || (mode & 0o1000) !== 0) return false;
  // A group whose ID equals the user's is that user's own, as useradd(8) creates them.
  return (mode & (group === user ? 0o002 : 0o022)) !== 0;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
