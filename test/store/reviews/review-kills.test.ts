import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { openStore, type StorePlace } from '../../../src/store/sql/open-store.js';
import { testFolder } from '../../folder.js';
import { workerScripts } from '../../node/pool/hash-process.js';
import { runs } from '../../seed.js';
import { describePostgresql } from '../engines.js';
import { fileService, postTo } from './feedback-service.js';

/** Kills of the process that writes reviews and sends feedback. */
const KILLS = Number(process.env.STORE_KILLS ?? runs(2));
/** Opening the embedded engine takes seconds on a busy machine. */
const timeout = 60_000 + 30_000 * KILLS;

const base = testFolder();
let scripts: ReturnType<typeof workerScripts>;
let script: string;
beforeAll(() => {
  scripts = workerScripts();
  script = fileURLToPath(scripts.build('test/store/reviews/review-writer.ts'));
});
afterAll(() => scripts.remove());

async function killing(place: StorePlace, folder: string): Promise<void> {
  mkdirSync(folder);
  const next = random(KILLS);
  const records = {
    written: new Set<string>(),
    begun: new Set<string>(),
    erased: new Set<string>(),
  };
  const taken = new Set<string>();
  const sets = { '+': records.written, '?': records.begun, '-': records.erased, '*': taken };
  for (let kill = 0; kill < KILLS; kill++) {
    const words = ['url' in place ? place.url : place.dataDir!, folder, `${kill}`];
    const child = spawn(process.execPath, ['--liftoff-only', script, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const limit = 10 + (next() % 80);
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      sets[line[0] as keyof typeof sets]?.add(line.slice(1));
      if (++lines === limit) child.kill('SIGKILL');
    }
    await ended;
    expect(lines).toBeGreaterThanOrEqual(limit);
    const store = await openStore(place);
    const ids: string[] = [];
    for await (const { id } of store.reviewLog({ retentionDays: 30 }).read()) ids.push(id);
    const there = new Set(ids);
    const { written, begun, erased } = records;
    const lost = [...written].filter((id) => !there.has(id) && !begun.has(id));
    const back = [...erased].filter((id) => there.has(id));
    const twice = ids.length - there.size;
    expect({ kill, lost, back, twice }).toEqual({ kill, lost: [], back: [], twice: 0 });
    expect(await store.verify()).toEqual([]);
    await store.close();
  }
  const post = fileService(join(folder, 'post.txt'));
  const put = fileService(join(folder, 'put.txt'));
  const store = await openStore(place);
  const queue = await store.feedbackQueue({
    senders: { post: postTo(post), put: { ...postTo(put), idempotent: true } },
    now: () => 4e12,
  });
  await queue.send();
  expect(await queue.items()).toEqual([]);
  await store.close();
  const posted = post.received();
  const arrived = new Set([...posted, ...put.received()]);
  expect([...taken].filter((id) => !arrived.has(id))).toEqual([]);
  expect(posted.filter((id, at) => posted.indexOf(id) !== at)).toEqual([]);
  expect(taken.size).toBeGreaterThan(KILLS);
}

const title = `${KILLS} kills: no review is lost or comes back, and feedback arrives, a POST once`;

describe('pglite', () => {
  test(title, { timeout }, () => killing({ dataDir: join(base, 'db') }, join(base, 'embedded')));
});

describePostgresql((server) => {
  test(title, { timeout }, async () => {
    await killing({ url: await server().newDatabase() }, join(base, 'served'));
  });
});
