import type { DevelopmentTokenOptions } from "../plugin/auth/index.ts";

/**
 * Mints a token with this machine's development key. Loads what signs it: whoever has a token is quicker without that.
 *
 * @throws the errors of `mintDevelopmentToken`.
 */
export async function developmentToken(options: DevelopmentTokenOptions): Promise<string> {
  const { mintDevelopmentToken } = await import("../plugin/auth/index.ts");
  return await mintDevelopmentToken(options);
}
