import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Files that judge how a relay's process bears a load: another file beside them would be part of it. Each says why. */
const alone = [
  "test/integration/gateway/hostile.test.ts",
  "test/integration/hostile/tcp.test.ts",
  "test/integration/plugin/stun/flood.test.ts",
  "test/integration/soak.test.ts",
];

/** What is waited for comes when it comes on a busy machine; the timeouts only end a test that hangs. */
const patience = {
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 60_000, interval: 10 } },
};

/** Where Node keeps what it has compiled, as most of a program's start is to strip the types of its sources. */
const env = { NODE_COMPILE_CACHE: new URL("node_modules/.compile-cache", import.meta.url).pathname };

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          ...patience,
          env,
          // Pure tests leave nothing behind, so files share their workers and what those have imported.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: alone,
          ...patience,
          env,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "alone",
          include: alone,
          ...patience,
          env,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

export default config;
