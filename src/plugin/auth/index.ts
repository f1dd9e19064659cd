/** What mints tokens of this machine, without the rest of the plugin. */
export { type DevelopmentTokenOptions, mintDevelopmentToken } from "./development-key.ts";
