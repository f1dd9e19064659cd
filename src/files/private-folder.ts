import { existsSync, lstatSync, mkdirSync, readlinkSync } from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { type PathStep, refusalOfFolder, refusalOfWay } from "./path-ownership.ts";
import { codeOf } from "../system-error.ts";

/** Makes a folder for this user alone unless it is there; says in a clause why it cannot be had, or is not this user's alone. */
export function claimFolder(path: string): string | undefined {
  try {
    const user = process.geteuid?.();
    // Windows has other rules, and a profile that is closed to others.
    const above = user === undefined ? undefined : refusalOfWay(stepsAbove(path), user);
    if (above !== undefined) return above;
    makeFolders(path);
    return user === undefined ? undefined : refusalOfFolder(stepsTo(path), user);
  } catch (error) {
    return `cannot be made (${codeOf(error)})`;
  }
}

/** Says in a clause why a folder is not this user's alone; `undefined` if it is, or is not there. */
export function refusalOf(path: string): string | undefined {
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  try {
    return refusalOfFolder(stepsTo(path), user);
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" ? undefined : `cannot be looked at (${code})`;
  }
}

/** Node's own recursion never ends where nothing can be made, as in /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been quicker.
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

function stepsTo(path: string): PathStep[] {
  return [...walk(path)];
}

/** Those that are there, the last one left out if it is the folder itself. */
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

/** As many as Linux follows on one way (path_resolution(7)). */
const maxLinks = 40;

/** Goes from the root to a path and tells of each step; follows links, which are steps too, but not the last one. */
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
