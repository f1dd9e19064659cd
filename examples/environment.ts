/** Returns the environment variables that an example requires. Ends the process with a message if one is missing. */
export function requireEnvironment<Name extends string>(...names: readonly Name[]): Record<Name, string> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    console.error(`set ${missing.join(", ")}: the first lines of this file show how`);
    process.exit(2);
  }
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as Record<Name, string>;
}
