import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { photoFixtures } from '../fixtures.js';
import { isAlive } from './hash-process.js';
import { empty, photo, photoBytes, poolOf, scripts, sent, until, warm } from './pools.js';

test('closing answers accepted work, refuses the rest and ends the workers', async () => {
  const pool = poolOf({ workers: 2 });
  await warm(pool);
  const { stream, send, end } = sent();
  const accepted = [photo, photoBytes, stream].map((source) => pool.check(source, empty));
  const closed = pool.close();
  const { pids } = pool.stats();
  expect((await pool.check(photo, empty)).reason).toBe('busy');
  await expect(pool.hash(photo)).rejects.toThrow('closed');
  send(photoBytes);
  end();
  await closed;
  for (const { verdict } of await Promise.all(accepted)) expect(verdict).toBe('none');
  expect(pool.stats()).toMatchObject({ workers: 0, done: 4, busy: 0 });
  expect(pids.filter(isAlive)).toEqual([]);
  await pool.close();
});

describe('a program with a pool', () => {
  /** Hashes a picture, does `then` and tells its worker. */
  const program = (then: string) =>
    scripts.write(
      `program-${then.length}`,
      `import { createHashPool } from ${JSON.stringify(scripts.build('src/node/pool/create-hash-pool.ts').href)};
       const pool = createHashPool({ workers: 1 });
       await pool.hash(${JSON.stringify(photo)});
       ${then}
       console.log(pool.stats().pids[0]);`,
    );

  async function run(url: URL): Promise<{ pid: number; child: ReturnType<typeof spawn> }> {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const child = spawn(process.execPath, [url.pathname], { stdio: [...stdio] });
    const [line] = await once(child.stdout!, 'data');
    return { pid: Number(line), child };
  }

  test.skipIf(process.platform === 'win32')(
    'keeps running if no process can be started',
    async () => {
      const url = scripts.write(
        'no-descriptors',
        `import { openSync } from 'node:fs';
         import { createHashPool } from ${JSON.stringify(scripts.build('src/node/pool/create-hash-pool.ts').href)};
         const pool = createHashPool({ workers: 1 });
         try { for (;;) openSync('/dev/null'); } catch {}
         await pool.hash(new Uint8Array(9)).catch(({ code }) => console.log(code));
         await pool.close();`,
      );
      const command = `ulimit -n 60; exec "${process.execPath}" "${url.pathname}"`;
      const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
      const [line] = await once(child.stdout, 'data');
      expect(String(line)).toBe('decoder-missing\n');
      expect(await once(child, 'exit')).toEqual([0, null]);
    },
  );

  test('ends by itself, and its workers with it', async () => {
    const { pid, child } = await run(program(''));
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    await until(() => !isAlive(pid));
  });

  test('ends its workers when it is killed', async () => {
    const { pid, child } = await run(program('setInterval(() => {}, 1000);'));
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => !isAlive(pid));
  });

  test('decides itself about an interrupt from the terminal', async () => {
    const { pid, child } = await run(
      program(`process.on('SIGINT', async () => {
        console.log((await pool.hash(${JSON.stringify(photo)})).width);
        process.exit();
      }); setInterval(() => {}, 1000);`),
    );
    process.kill(pid, 'SIGINT');
    child.kill('SIGINT');
    const [width] = await once(child.stdout!, 'data');
    expect(Number(width)).toBe(photoFixtures[0]!.width);
    await until(() => !isAlive(pid));
  });
});
