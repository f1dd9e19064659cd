import type { RouteFamily } from "./route.ts";

/** Returns a request's path below the root of a family, if it lies in the family's territory. */
export function pathIn(
  { territory }: RouteFamily,
  root: string | undefined,
  pathname: string,
): string | undefined {
  if (root === undefined || !pathname.startsWith(root)) return undefined;
  const path = pathname.slice(root.length);
  return territory.some((region) => holds(region, path)) ? path : undefined;
}

function holds(region: string, path: string): boolean {
  if (!region.endsWith("/**")) return path === region;
  const top = region.slice(0, -"/**".length);
  return path === top || path.startsWith(`${top}/`);
}
