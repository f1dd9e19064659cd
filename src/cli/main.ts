#!/usr/bin/env -S node --max-semi-space-size=8
import { runCli } from "./cli.ts";
import { surviveBrokenPipes } from "./exit-status.ts";

surviveBrokenPipes();
const status = await runCli(process.argv.slice(2));
process.exitCode ??= status;
