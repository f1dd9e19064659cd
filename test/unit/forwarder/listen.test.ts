import { describe, expect, it } from "vitest";
import { listen } from "../../../src/forwarder/listen.ts";

/** A bind that the system refuses for some hosts. */
function refusing(codes: Readonly<Record<string, string>>): (host: string) => string {
  return (host) => {
    const code = codes[host];
    if (code !== undefined) throw Object.assign(new TypeError("bind"), { code });
    return host;
  };
}

describe("listen", () => {
  it("takes IPv4 alone where the system has no IPv6", async () => {
    for (const code of ["EAFNOSUPPORT", "EADDRNOTAVAIL"])
      expect(await listen({ address: "::", port: 1 }, refusing({ "::": code }))).toBe("0.0.0.0");
  });

  it("does so for no other address, and for no other reason", async () => {
    const taken = listen({ address: "::", port: 4433 }, refusing({ "::": "EADDRINUSE" }));
    await expect(taken).rejects.toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
      message: expect.stringContaining("[::]:4433 (EADDRINUSE): another socket holds the port"),
      details: { host: "::", port: 4433, system: "EADDRINUSE" },
    });
    const foreign = listen({ address: "2001:db8::1", port: 1 }, refusing({ "2001:db8::1": "EADDRNOTAVAIL" }));
    await expect(foreign).rejects.toMatchObject({
      details: { host: "2001:db8::1", system: "EADDRNOTAVAIL" },
    });
  });

  it("names the option that gave the port, where there is one", async () => {
    const taken = listen(
      { address: "::1", port: 3478, option: "stunPort" },
      refusing({ "::1": "EADDRINUSE" }),
    );
    await expect(taken).rejects.toMatchObject({
      message: expect.stringContaining("[::1]:3478 (`stunPort`, EADDRINUSE): another socket"),
      details: { host: "::1", port: 3478, system: "EADDRINUSE", option: "stunPort" },
    });
  });

  it("names the address that it tried last", async () => {
    const neither = listen(
      { address: "::", port: 1 },
      refusing({ "::": "EAFNOSUPPORT", "0.0.0.0": "EACCES" }),
    );
    await expect(neither).rejects.toMatchObject({ details: { host: "0.0.0.0", system: "EACCES" } });
    const second = listen(
      { address: "::", port: 1, option: "stunPort" },
      refusing({ "::": "EAFNOSUPPORT", "0.0.0.0": "EACCES" }),
    );
    await expect(second).rejects.toMatchObject({ details: { host: "0.0.0.0", option: "stunPort" } });
  });
});
