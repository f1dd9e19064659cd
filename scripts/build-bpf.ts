/** `npm run build:bpf`: compiles the XDP program into the header that the addon is built with. */
import { parseArgs } from "node:util";
import { buildPath, projectPath } from "./native-tests/command.ts";
import { findMissing, skip } from "./xdp/requirement.ts";
import { writeSkeleton } from "./xdp/skeleton.ts";
import { findDifference, translate } from "./xdp/translation.ts";

const help = `Compiles bpf/relay.bpf.c into bpf/relay.skel.h, with Debian's clang, bpftool and libbpf-dev.

  npm run build:bpf -- [--check]

  --check  leaves bpf/relay.skel.h as it is, and fails if the kernel makes other maps or instructions of it than of the
           program as it is now. Needs root; elsewhere it does nothing, or fails if QUICPIPE_REQUIRE names xdp.
`;

const committed: string = projectPath("bpf/relay.skel.h");
const folder: string = buildPath("xdp");

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: { check: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (!values.check) return writeSkeleton(committed, folder) ? 0 : 1;
  const missing = findMissing();
  return missing ? skip(missing) : check();
}

function check(): number {
  const built = `${folder}/relay.skel.h`;
  if (!writeSkeleton(built, folder)) return 1;
  const translations = [committed, built].map((header) => translate(header, `${folder}/translation`));
  const [before, now] = translations;
  if (!before || !now) return 1;
  const difference = findDifference(before, now);
  process.stdout.write(
    difference
      ? `bpf/relay.skel.h is not what bpf/relay.bpf.c compiles to: npm run build:bpf\n${difference}\n`
      : `bpf/relay.skel.h is up to date: ${now.length - 1} maps and instructions\n`,
  );
  return difference ? 1 : 0;
}
