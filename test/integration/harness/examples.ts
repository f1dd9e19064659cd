import { projectPath, startChild, type Child } from "./child.ts";
import { temporaryFolder } from "./folder.ts";

/** Starts examples with a state directory of the test's own, so that they share a development certificate. */
export function startExamples(): {
  start(file: string, env: NodeJS.ProcessEnv): Child;
  startGateway(env: NodeJS.ProcessEnv): Promise<{ gateway: Child; host: string }>;
} {
  const state = temporaryFolder();
  const start = (file: string, env: NodeJS.ProcessEnv): Child =>
    startChild(process.execPath, [projectPath(`examples/${file}`)], {
      env: { XDG_STATE_HOME: state, NODE_ENV: "", ...env },
    });
  return {
    start,
    async startGateway(env) {
      const gateway = start("gateway/gateway.ts", { PORT: "0", ...env });
      const [, host] = await gateway.prints(/listening on (\S+)/);
      return { gateway, host: host! };
    },
  };
}
