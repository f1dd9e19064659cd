import { requirePackages } from "../../optional-package.ts";

/** @throws ERR_QUICPIPE_DEPENDENCY_MISSING if a package that a relay of the command needs is not installed. */
export function requireRelayPackages(): void {
  requirePackages({
    what: "running a relay",
    needed: ["h3", "@currentspace/http3"],
    usual: ["@peculiar/x509"],
  });
}
