import { spawn } from 'node:child_process';

/**
 * Makes sure that the process group led by `pid` ends: when the returned function is called, and
 * when this process dies suddenly, as a worker of the test runner may. A shell waits for the end of
 * a pipe that only this process holds open.
 */
export function watch(pid: number): () => void {
  const shell = spawn('/bin/sh', ['-c', 'cat >/dev/null; kill -9 "-$0"', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.stdin!.on('error', () => {});
  shell.unref();
  return () => shell.stdin!.end();
}
