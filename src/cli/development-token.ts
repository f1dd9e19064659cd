import type { DevelopmentTokenOptions } from "../plugin/index.ts";

/**
 * Mints a token with this machine's development key. Loads the plugin for that: whoever has a token is quicker without it.
 *
 * @throws the errors of `mintDevelopmentToken`.
 */
export async function developmentToken(options: DevelopmentTokenOptions): Promise<string> {
  const { mintDevelopmentToken } = await import("../plugin/index.ts");
  return await mintDevelopmentToken(options);
}
