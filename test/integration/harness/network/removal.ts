import { spawn } from "node:child_process";

/** Reads until this process has ended, however it did, then ends what is in its namespaces and removes them. */
const script = `
cat
for door in /run/netns/qp-*-${process.pid}; do
  [ -e "$door" ] || continue
  ip netns pids "\${door##*/}" | xargs -r kill -9
  ip netns delete "\${door##*/}"
done`;

let isWatching = false;

/** Sees to it that no namespace outlives this process, whose tests may be interrupted before they can remove theirs. */
export function removeAtDeath(): void {
  if (isWatching) return;
  isWatching = true;
  // In a session of its own: Ctrl-C in a terminal reaches the others.
  const watcher = spawn("sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
}
