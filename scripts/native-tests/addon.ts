import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { buildPath, type Extent, projectPath, run } from "./command.ts";

const sanitizers =
  "-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer -g";
/** A folder that looks like the project to node-gyp, so that the project's own addon stays untouched. */
const root: string = buildPath("addon");
const reports: string = buildPath("reports");

/** Runs the native backend's integration tests on an addon with sanitizers, including leak detection. */
export function testAddon({ isShort }: Extent): boolean {
  if (!buildAddon()) return false;
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const files = isShort ? ["native/native.test.ts", "native/misuse.test.ts"] : ["native"];
  // Skips the test that opens again and again, and the one of the memory that glibc keeps: the sanitizers allocate by themselves and keep
  // what was freed. Leaks show without them.
  const chosen = ["--testNamePattern", "^(?!.*(no memory behind|returns memory))"];
  const args = [
    "run",
    "--project",
    "integration",
    ...chosen,
    ...files.map((file) => `test/integration/forwarder/${file}`),
  ];
  const holds = run("vitest", args, { env: environment() });
  const faults = readFaults();
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  return holds && faults.length === 0;
}

function buildAddon(): boolean {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  for (const part of ["binding.gyp", "src", "bpf"]) symlinkSync(projectPath(part), `${root}/${part}`);
  const env = { CC: "gcc", CXX: "g++", CFLAGS: sanitizers, LDFLAGS: sanitizers };
  return run(process.execPath, [projectPath("scripts/build-native.mjs")], { cwd: root, env, isQuiet: true });
}

/** Makes every Node load the sanitizers' runtime first, and this addon in place of the project's. */
function environment(): Record<string, string> {
  const runtimes = ["libasan.so", "libubsan.so"].map((name) =>
    spawnSync("gcc", [`-print-file-name=${name}`], { encoding: "utf8" }).stdout.trim(),
  );
  const log = `log_path=${reports}/report`;
  return {
    LD_PRELOAD: runtimes.join(" "),
    // Node itself leaks a little on exit, which is not a failure. The stacks tell its leaks from the addon's.
    ASAN_OPTIONS: `halt_on_error=1:${log}`,
    LSAN_OPTIONS: "exitcode=0:fast_unwind_on_malloc=0",
    UBSAN_OPTIONS: `halt_on_error=1:print_stacktrace=1:${log}`,
    // The forwarder looks for its addon here.
    QUICPIPE_PREBUILD: root,
    QUICPIPE_REQUIRE: "native",
  };
}

/** Matches a stack frame in the addon, with or without line information. */
const addonFrame = /src\/forwarder\/native\/|quicpipe\.node/;

/** Returns the sanitizers' reports about the addon: every error, and the leaks that it made. */
function readFaults(): string[] {
  const texts = readdirSync(reports).map((file) => readFileSync(`${reports}/${file}`, "utf8"));
  const errors = texts.filter((text) => /ERROR: AddressSanitizer|runtime error:/.test(text));
  const leaks = texts.flatMap((text) => text.split("\n\n")).filter((text) => addonFrame.test(text));
  return [...new Set([...errors, ...leaks])];
}
