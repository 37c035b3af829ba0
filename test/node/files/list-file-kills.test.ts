import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Blocklist } from '../../../src/blocklist/blocklist.js';
import { ListFile } from '../../../src/node/files/list-file.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { runs } from '../../seed.js';
import { type WorkerScripts, workerScripts } from '../pool/hash-process.js';
import { saveList } from './saved-list.js';

const kills = Number(process.env.LIST_KILLS ?? runs(20));

let folder: string;
let scripts: WorkerScripts;
let script: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-kills-'));
  scripts = workerScripts();
  script = fileURLToPath(scripts.build('test/node/files/list-killed.ts'));
});
afterAll(() => {
  scripts.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** What a writer said before it was killed. */
interface Told {
  readonly begun: Set<string>;
  readonly done: Set<string>;
}

/** Writers that are killed some milliseconds after all are ready. */
async function killed(path: string, first: number, writers: number, milliseconds: number) {
  const told: Told = { begun: new Set(), done: new Set() };
  const children = Array.from({ length: writers }, (_, at) => {
    const words = [script, path, `${first + at * 100_000}`, at % 2 === 0 ? '1' : '4000'];
    return spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  });
  const ready = children.map(
    (child) =>
      new Promise<void>((resolve, reject) => {
        child.on('exit', () => reject(new Error('it ended by itself')));
        createInterface(child.stdout).on('line', (line) => {
          if (line === 'ready') resolve();
          else (/^(add|withdraw) /.test(line) ? told.begun : told.done).add(line);
        });
      }),
  );
  const closed = children.map((child) => new Promise((resolve) => child.on('close', resolve)));
  await Promise.all(ready);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(closed);
  return told;
}

/** A pseudo-random number in 0…1, the same in each run. */
const noise = (n: number) => ((n * 2654435761) % 2 ** 32) / 2 ** 32;

test(`of ${kills} kills in append, slot and rename none loses or halves a change`, async () => {
  const path = join(folder, 'list.ohb');
  await saveList(path, new Blocklist());
  const begun = new Set<string>();
  const done = new Set<string>();
  for (let kill = 0; kill < kills; kill++) {
    const first = 1_000_000 * (kill + 1);
    const told = await killed(path, first, 1 + (kill % 2), 5 + 250 * noise(kill));
    for (const line of told.begun) begun.add(line);
    for (const line of told.done) done.add(line);
    // As it is without a lock, and as the next writer has it.
    const read = await loadBlocklist(path);
    const list = new Blocklist();
    const file = await ListFile.open(path, list, { manyBytes: Number.POSITIVE_INFINITY });
    await list.apply({});
    await file.settled();
    expect(readdirSync(folder)).toEqual(['list.ohb']);
    for (const each of [read, list]) {
      const sides = new Map<string, string[]>();
      for (const { id, labels } of each.entries()) {
        sides.set(id!, [...(sides.get(id!) ?? []), ...labels]);
      }
      for (const pair of sides.values()) expect(pair.sort()).toEqual(['a', 'b']);
      for (const line of done) {
        const [what, n] = line.split(' ') as [string, string];
        if (what === 'withdrawn') {
          expect([each.has({ id: n }), each.state.withdrawn.has({ id: n })]).toEqual([false, true]);
        } else if (!begun.has(`withdraw ${n}`)) expect(sides.has(n)).toBe(true);
      }
      for (const n of sides.keys()) expect(begun.has(`add ${n}`)).toBe(true);
      for (const { id } of each.withdrawals as { id: string }[]) {
        expect(begun.has(`withdraw ${id}`)).toBe(true);
      }
    }
    // What the writer has taken up is there for good.
    expect((await loadBlocklist(path)).generation).toBe(list.generation);
  }
  expect(done.size).toBeGreaterThan(kills / 2);
});
