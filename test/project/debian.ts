import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LOCK = join(tmpdir(), 'onlyhashes-engines.lock');

/** Whether packages can be installed here. */
export const canInstall = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/**
 * Installs Debian packages that tests need, one process at a time. The first run may take minutes.
 * @param isThere whether all is installed; another process may have done it meanwhile
 * @returns what failed, in one line, if anything
 */
export async function install(
  packages: readonly string[],
  isThere: () => boolean,
): Promise<string | undefined> {
  return await locked(() => {
    if (isThere()) return undefined;
    try {
      aptInstall(packages);
      return undefined;
    } catch (error) {
      return `apt-get failed: ${String((error as Error).message).split('\n')[0]}`;
    }
  });
}

function aptInstall(packages: readonly string[]): void {
  const options = {
    stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'],
    // At this run level, Debian starts no service of a package that it installs.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    timeout: 540_000,
  };
  process.stderr.write(`installing ${packages.join(', ')} for the tests\n`);
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  execFileSync('apt-get', [...wait, 'update'], options);
  execFileSync(
    'apt-get',
    [...wait, 'install', '-y', '--no-install-recommends', ...packages],
    options,
  );
}

/** Runs `work` while no other process does. Takes over a lock whose holder has died. */
async function locked<T>(work: () => T): Promise<T> {
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!holderLives()) rmSync(LOCK, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  try {
    return work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function holderLives(): boolean {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    // The number is written just after the file is made, so an empty file is new.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
