import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { testFolder } from '../folder.js';
import { onlyhashes, PHOTOS, PROGRAM } from './program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const MANY = Array<string>(2000).fill(CAT);

const folder = testFolder();
const list = join(folder, 'list.csv');
beforeAll(async () => {
  writeFileSync(list, `${(await onlyhashes(['hash', CAT])).out.slice(0, 64)},cat\n`);
});

/**
 * Arguments for Node that fake a machine of nine cores, and print the number of threads when the
 * program ends.
 */
function nineCores(): string[] {
  const preload = join(folder, 'nine-cores.cjs');
  writeFileSync(
    preload,
    `require('node:os').availableParallelism = () => 9;
require('node:module').syncBuiltinESMExports();
process.on('exit', () => {
  const { readdirSync, writeSync } = require('node:fs');
  writeSync(2, 'threads ' + readdirSync('/proc/self/task').length + '\\n');
});`,
  );
  return ['--require', preload];
}

describe.runIf(process.platform === 'linux')('on more than four cores', () => {
  test('one process decodes with a thread for each core; an explicit pool size is kept', async () => {
    const threads = async (size: string) => {
      const env = { UV_THREADPOOL_SIZE: size };
      const { err } = await onlyhashes(['hash', CAT], { node: nineCores(), env });
      // One line: a second process would print its own.
      return Number(/^threads (\d+)\n$/.exec(err)![1]);
    };
    const [four, six, asCores] = [await threads('4'), await threads('6'), await threads('')];
    expect(six - four).toBe(2);
    expect(asCores - four).toBe(5);
    const doctor = await onlyhashes(['doctor'], { node: nineCores() });
    expect(doctor.out).toContain('9 pictures decoded at a time');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s to the program alone ends it, and no work continues', async (signal, code) => {
    const ended = await onlyhashes(['hash', ...MANY], {
      node: nineCores(),
      signalAfterLines: 3,
      signal,
    });
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(/^onlyhashes: interrupted\n/);
    expect(ended.lines.length).toBeLessThan(MANY.length);
  });
});

test.runIf(process.platform === 'linux')(
  'a program waiting for standard input ends at the first signal',
  async () => {
    const child = spawn(process.execPath, [PROGRAM, 'bundle', 'show', '-'], { stdio: 'pipe' });
    const ended = new Promise((resolve) => child.on('close', (...how) => resolve(how)));
    // It prints nothing while it waits. Its SIGHUP handler, which Node itself does not have, shows
    // that it is up.
    const caught = () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return (Number.parseInt(/^SigCgt:\s+([0-9a-f]+)/m.exec(status)![1]!.slice(-4), 16) & 1) !== 0;
    };
    while (!caught()) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    // By the signal itself, so that a shell loop ends too.
    expect(await ended).toEqual([null, 'SIGINT']);
  },
);

/** Runs the program in a shell: `"$@"` is the program, `$list` and `$cat` are files. */
function inShell(script: string): Promise<{ out: string; err: string; code: number | null }> {
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, PROGRAM], {
    env: { ...process.env, list, cat: CAT, folder },
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ out, err, code })));
}

describe.runIf(process.platform !== 'win32')('a closed stream', () => {
  test('of errors: the exit code reports them, and the match is printed', async () => {
    const script = `"$@" match "$cat" missing1 missing2 -b "$list" 2> >(true); exit $?`;
    const { out, code } = await inShell(script);
    expect(out).toMatch(/^match,0,original,/);
    expect(code).toBe(2);
  });

  test('of lines: it ends quietly and soon, with its usual code', async () => {
    const many = Array<string>(2000).fill('"$cat"').join(' ');
    const { out, err, code } = await inShell(
      `"$@" hash --json ${many} | head -1; exit "\${PIPESTATUS[0]}"`,
    );
    expect(out.trim().split('\n')).toHaveLength(1);
    expect({ err, code }).toEqual({ err: '', code: 141 });
  });

  test('of lines and errors: the same', async () => {
    const { out, err, code } = await inShell(
      // The reader ends before the program starts.
      `{ sleep 0.5; "$@" match "$cat" missing -b "$list" --json 2>&1; } | true; exit "\${PIPESTATUS[0]}"`,
    );
    expect({ out, err }).toEqual({ out: '', err: '' });
    expect(code).toBe(141);
  });

  test.runIf(process.platform === 'linux')('of a full disk: reports an error', async () => {
    const { err, code } = await inShell(`"$@" hash "$cat" > /dev/full`);
    expect({ err, code }).toEqual({ err: 'onlyhashes: standard output: ENOSPC\n', code: 2 });
  });
});

describe('bench', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it and its Workers at once',
    async (signal) => {
      const temporary = mkdtempSync(join(folder, 'tmp-'));
      for (const name of ['index', 'robustness']) {
        const run = spawn(process.execPath, [PROGRAM, 'bench', name], {
          env: { ...process.env, TMPDIR: temporary },
        });
        // The heading is printed before the work begins.
        await new Promise((resolve) => run.stdout.once('data', resolve));
        const closed = new Promise((resolve) => run.on('close', (_, by) => resolve(by)));
        onTestFinished(() => void run.kill('SIGKILL'));
        run.kill(signal);
        expect(await closed).toBe(signal);
      }
      expect(readdirSync(temporary)).toEqual([]);
    },
  );
});
