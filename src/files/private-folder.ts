import { existsSync, lstatSync, mkdirSync, readlinkSync } from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { type PathStep, refusalOfFolder, refusalOfWay } from "./path-ownership.ts";
import { codeOf } from "../system-error.ts";

/** Creates a folder private to this user unless it exists. Returns a clause that states why it cannot be created or is not private. */
export function claimFolder(path: string): string | undefined {
  try {
    const user = process.geteuid?.();
    // Windows has other rules, and a profile folder that other users cannot access.
    const above = user === undefined ? undefined : refusalOfWay(stepsAbove(path), user);
    if (above !== undefined) return above;
    makeFolders(path);
    return user === undefined ? undefined : refusalOfFolder([...walk(path)], user);
  } catch (error) {
    return `cannot be made (${codeOf(error)})`;
  }
}

/** Returns a clause that states why a folder is not private to this user, or `undefined` if it is private or missing. */
export function refusalOf(path: string): string | undefined {
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  try {
    return refusalOfFolder([...walk(path)], user);
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" ? undefined : `cannot be looked at (${code})`;
  }
}

/** Node's own recursion does not terminate where nothing can be created, as in /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** Returns the existing steps above a folder. */
function stepsAbove(path: string): PathStep[] {
  const steps: PathStep[] = [];
  try {
    for (const step of walk(path)) steps.push(step);
    return steps.slice(0, -1);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return steps;
    throw error;
  }
}

/** Linux's limit for one path (path_resolution(7)). */
const maxLinks = 40;

/** Yields each step from the root to a path. Links are steps too, and are followed, except for the last one. */
function* walk(path: string): Generator<PathStep> {
  const names = namesIn(resolve(path));
  let at = resolve(sep);
  let links = 0;
  yield stepAt(at);
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = name === ".." ? dirname(at) : join(at, name);
    const here = stepAt(next);
    yield here;
    if (here.kind !== "link" || names.length === 0) at = next;
    else {
      if (++links > maxLinks) return;
      const target = readlinkSync(next);
      names.unshift(...namesIn(target));
      if (isAbsolute(target)) at = resolve(sep);
    }
  }
}

function namesIn(path: string): string[] {
  return path.split(sep).filter((name) => name !== "" && name !== ".");
}

function stepAt(path: string): PathStep {
  const found = lstatSync(path);
  const { uid: user, gid: group, mode } = found;
  const other = found.isSymbolicLink() ? "link" : "other";
  return { path, kind: found.isDirectory() ? "folder" : other, user, group, mode: mode & 0o7777 };
}
