import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { testFolder } from '../../folder.js';
import { workerScripts } from '../../node/pool/hash-process.js';
import { runs } from '../../seed.js';

const HEX = createHash('sha256').update('one').digest('hex');
/** Kills of the writing process. */
const KILLS = Number(process.env.STORE_KILLS ?? runs(2));
/** Opening the engine takes seconds on a busy machine. */
const timeout = 60_000 + 30_000 * KILLS;

const folder = testFolder();
let scripts: ReturnType<typeof workerScripts>;
beforeAll(() => {
  scripts = workerScripts();
});
afterAll(() => {
  scripts.remove();
});

test('one process at a time opens the folder, and a dead one does not count', {
  timeout,
}, async () => {
  const dataDir = join(folder, 'one');
  const store = await openStore({ dataDir });
  const { added } = await store.apply({ add: [{ hash: hashFromHex('pdq', HEX), labels: [] }] });
  expect(added).toBe(1);
  const lock = readFileSync(join(dataDir, 'writer.lock'));
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  await expect(openStore({ dataDir })).rejects.toMatchObject({
    name: 'StoreError',
    code: 'in-use',
  });
  await store.close();
  const { pid } = spawn(process.execPath, ['-e', '']);
  writeFileSync(
    join(dataDir, 'writer.lock'),
    JSON.stringify({ ...JSON.parse(`${lock}`), pid, began: 'before' }),
  );
  const again = await openStore({ dataDir });
  expect((await again.status()).entries).toBe(1);
  await again.close();
});

test(`${KILLS} kills of an embedded store: nothing acknowledged is lost`, {
  timeout,
}, async () => {
  const script = fileURLToPath(scripts.build('test/store/sql/embedded-writer.ts'));
  const dataDir = join(folder, 'killed');
  const next = random(7);
  const added = new Set<string>();
  const begun = new Set<string>();
  const withdrawn = new Set<string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, ['--liftoff-only', script, dataDir, `${kill}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const limit = 1 + (next() % 60);
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const hex = line.slice(1);
      if (line.startsWith('+')) added.add(hex);
      if (line.startsWith('?')) begun.add(hex);
      if (line.startsWith('-')) withdrawn.add(hex);
      if (++lines === limit) child.kill('SIGKILL');
    }
    await ended;
    expect(lines).toBeGreaterThanOrEqual(limit);
    const store = await openStore({ dataDir });
    const there = new Set<string>();
    for await (const { hash } of store.entries()) there.add(hashToHex(hash));
    const lost = [...added].filter((hex) => !there.has(hex) && !begun.has(hex));
    const back = [...withdrawn].filter((hex) => there.has(hex));
    expect({ kill, lost, back }).toEqual({ kill, lost: [], back: [] });
    expect(await store.verify()).toEqual([]);
    await store.close();
  }
});
