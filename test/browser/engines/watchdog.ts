import { spawn } from 'node:child_process';

const WATCHDOG = `
cat >/dev/null
kill -9 "-$0"
# Until the last of them is gone, it may still write there.
for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && break; sleep 0.2; done
`;

/**
 * Makes sure that the process group led by `pid` ends and that its folder is removed: when the
 * returned function is called, and when this process dies suddenly, as a worker of the test runner
 * does. A shell waits for the end of a pipe that only this process holds open.
 */
export function watch(pid: number, folder: string): () => void {
  const shell = spawn('/bin/sh', ['-c', WATCHDOG, String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.stdin!.on('error', () => {});
  shell.unref();
  return () => shell.stdin!.end();
}
