/** Programs in each kind of module that a user may write, outside of the project. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectPath } from "../harness/child.ts";
import { has } from "../harness/requirement.ts";
import { Newcomer, packOnce, readmeLines } from "./packed.ts";

packOnce();

/** A project with a relay, its gateway and a peer, as the README installs them. */
async function install(): Promise<Newcomer> {
  const user = new Newcomer();
  await user.install(readmeLines("Install").find((line) => line.includes("# a relay"))!);
  return user;
}

const names: Readonly<Record<string, string>> = {
  h3: "H3",
  quicpipe: "mintDevelopmentToken, quicpipe",
  "quicpipe/gateway": "developmentCertificate, serve",
  "quicpipe/peer": "createIdentity, Peer",
};

/** A program of a gateway and two peers that trust each other, written in JavaScript that is TypeScript too. */
const program = `
  const relay = quicpipe({ host: "127.0.0.1", port: 0, logger: false });
  const tls = await developmentCertificate();
  const served = await serve(new H3().use(relay), { relay, tls });
  const bind = async (sub = "") =>
    Peer.bind({
      relay: \`https://127.0.0.1:\${relay.address().port}\`,
      relayCa: tls.cert,
      token: await mintDevelopmentToken({ sub }),
      identity: await createIdentity({ name: sub }),
      trust: "insecure",
    });
  const [alice, bob] = await Promise.all([bind("alice"), bind("bob")]);
  const accepted = bob[Symbol.asyncIterator]().next();
  const connection = await alice.dial("bob");
  console.log((await accepted).value?.remoteName, relay.stats().backend);
  connection.close();
  await Promise.all([alice.close(), bob.close()]);
  await served.close();
`;

const imports = Object.entries(names).map(([path, each]) => `import { ${each} } from "${path}";\n`);
const requires = Object.entries(names).map(([path, each]) => `const { ${each} } = require("${path}");\n`);
const sources: Readonly<Record<string, string>> = {
  "main.mjs": imports.join("") + program,
  "main.cjs": `${requires.join("")}(async () => {${program}})();\n`,
};

describe.skipIf(!has("registry") || !has("native"))("a program in", () => {
  it("JavaScript may import the package, or require it", async () => {
    const user = await install();
    for (const [file, source] of Object.entries(sources)) {
      user.write(file, source);
      expect([file, await user.node(file)]).toEqual([file, "alice native\n"]);
    }
  });

  it("strict TypeScript compiles in either kind of module, with the DOM's types and without", async () => {
    const user = await install();
    mkdirSync(join(user.folder, "node_modules/@types"));
    for (const name of ["@types/node", "undici-types"])
      symlinkSync(projectPath(`node_modules/${name}`), join(user.folder, "node_modules", name));
    const typed = `${imports.join("")}void (async () => {${program}})();\nexport const wrong: string = quicpipe;\n`;
    for (const file of ["main.mts", "main.cts"]) user.write(file, typed);
    for (const lib of [["es2024"], ["es2024", "dom", "dom.iterable", "dom.asynciterable"]]) {
      const options = { strict: true, noEmit: true, skipLibCheck: true, types: ["node"], lib };
      const compilerOptions = { ...options, target: "es2024", module: "nodenext", esModuleInterop: true };
      user.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["main.*"] }));
      const compiler = user.start(process.execPath, [projectPath("node_modules/typescript/bin/tsc")]);
      // The mistake shows that the types are there: without them all would be any.
      const faults = (await compiler.exited) === 0 ? [] : compiler.stdout().trim().split("\n");
      const ours =
        /^main\.[cm]ts\(.*\): error TS2322: Type '\(options\?: QuicpipeOptions.*\) => Relay' is not/;
      expect(faults).toEqual([expect.stringMatching(ours), expect.stringMatching(ours)]);
    }
  });
});
