import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { certificateFiles, testCertificate } from "../harness/certificate.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { itWith } from "../harness/requirement.ts";
import { nginxModules, read, run, written } from "./files.ts";

describe("deploy/envoy.yaml", () => {
  it("is YAML whose listener and cluster have one name", () => {
    const { static_resources: resources } = parse(read("envoy.yaml")) as {
      static_resources: { listeners: unknown[]; clusters: { name: string }[] };
    };
    expect(JSON.stringify(resources.listeners)).toContain(`"cluster":"${resources.clusters[0]!.name}"`);
  });
});

/** Puts a certificate in place of the one that a file of `deploy` names. */
async function withCertificate(text: string): Promise<string> {
  const { cert, key } = certificateFiles(await testCertificate());
  return text.replaceAll("/etc/quicpipe/tls/cert.pem", cert).replaceAll("/etc/quicpipe/tls/key.pem", key);
}

describe("deploy/Caddyfile", () => {
  itWith("caddy")("is valid", async () => {
    const path = written("Caddyfile", await withCertificate(read("Caddyfile")));
    const home = temporaryFolder();
    const { status, output } = run("caddy", ["validate", "--adapter", "caddyfile", "--config", path], {
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_CONFIG_HOME: home,
    });
    expect([status, output]).toEqual([0, expect.stringContaining("Valid configuration")]);
  });
});

/** Has nginx check its configuration, in a folder of the test's own. */
function expectValid(text: string): void {
  const path = written("nginx.conf", `pid nginx.pid;\n${text}`);
  const { status, output } = run("nginx", ["-t", "-p", temporaryFolder(), "-e", "stderr", "-c", path]);
  expect([status, output]).toEqual([0, expect.stringContaining("test is successful")]);
}

describe("the configurations of nginx in deploy/", () => {
  itWith("nginx")("are valid: nginx-http.conf", async () => {
    const text = await withCertificate(read("nginx-http.conf"));
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${name};`,
    );
    expectValid(`events {} http { access_log off; ${paths.join(" ")} ${text} }`);
  });

  itWith("nginx")("are valid: nginx-stream.conf", () => {
    const text = `load_module ${nginxModules()}/ngx_stream_module.so;\nevents {}\n${read("nginx-stream.conf")}`;
    expectValid(text);
  });
});
