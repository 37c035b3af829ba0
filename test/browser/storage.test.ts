import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { headersOf } from '../../src/page/policy.js';
import { testFolder } from '../folder.js';
import { buildDemo } from '../page/demo-page.js';
import { policyIn, withFrameScript, withShell } from '../page/demo-scripts.js';
import { describeEngine, ENGINES, type EngineName, type Running } from './engines/engines.js';
import { serve } from './engines/serve.js';

const folder = testFolder();
const demo = buildDemo(folder);

/** Ways to store a mark and find it again. A closed way throws. */
const WAYS: Record<string, { keep: string; find: string }> = {
  localStorage: {
    keep: `localStorage.setItem(mark, '')`,
    find: `return localStorage.getItem(mark) !== null`,
  },
  sessionStorage: {
    keep: `sessionStorage.setItem(mark, '')`,
    find: `return sessionStorage.getItem(mark) !== null`,
  },
  cookie: {
    keep: `document.cookie = mark + '=1; max-age=3600'`,
    find: `return document.cookie.includes(mark)`,
  },
  indexedDB: {
    keep: `
      const open = indexedDB.open(mark);
      await new Promise((resolve, reject) => { open.onsuccess = resolve; open.onerror = reject; });
      open.result.close()`,
    find: `return (await indexedDB.databases()).some(({ name }) => name === mark)`,
  },
  caches: {
    keep: `await (await caches.open(mark)).put(new Request('https://kept.test/'), new Response(mark))`,
    find: `return await caches.has(mark)`,
  },
  files: {
    keep: `await (await navigator.storage.getDirectory()).getFileHandle(mark, { create: true })`,
    find: `await (await navigator.storage.getDirectory()).getFileHandle(mark); return true`,
  },
};
/** Ways to reach another open page of the same origin. */
const TELL = `
  try { new BroadcastChannel('kept').postMessage(mark); } catch {}
  try { navigator.locks.request(mark, () => new Promise(() => {})).catch(() => {}); } catch {}`;

/** Runs `keep` or `find` of every way and gives the names of those that returned true. */
const each = (what: 'keep' | 'find') => `async (mark) => {
  const ways = Object.entries({ ${Object.entries(WAYS)
    .map(([name, code]) => `${name}: async () => { ${code[what]} }`)
    .join(',\n')} });
  const never = new Promise((resolve) => setTimeout(resolve, 3000));
  const done = await Promise.all(ways.map(async ([name, way]) => {
    try { return await Promise.race([way(), never]) ? [name] : []; } catch { return []; }
  }));
  ${what === 'keep' ? TELL : ''}
  return done.flat();
}`;

/**
 * Hostile code, in a Worker and in the page: finds what its last run stored, and stores it again.
 */
const hostile = (run: number) => `(async () => {
  const find = ${each('find')};
  const keep = ${each('keep')};
  const both = async (mark) => {
    const found = await find(mark);
    await keep(mark);
    return found;
  };
  const code = 'const find = ' + find + '; const keep = ' + keep + '; (' + both + ')("worker${run}").then(postMessage)';
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  const fromWorker = await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
  globalThis.kept = { worker: fromWorker, page: await both('page${run}') };
})()`;

/** Another page of the same origin: what reached it while open, and what it finds. */
const other = (run: number) => `<!doctype html><title>other</title><script>
  const heard = [];
  new BroadcastChannel('kept').onmessage = ({ data }) => heard.push(data);
  const find = ${each('find')};
  globalThis.found = async () => {
    const all = [];
    const held = (await navigator.locks.query()).held.map(({ name }) => name);
    for (const who of ['worker', 'page']) {
      const mark = who + ${run};
      const ways = await find(mark);
      if (heard.includes(mark)) ways.push('broadcast');
      if (held.includes(mark)) ways.push('locks');
      all.push(...ways.map((way) => who + ' ' + way));
    }
    return all;
  };
</script>`;

interface Attempt {
  /**
   * whether the code runs in the frame, like the page, or in the shell, as if there were no frame
   */
  place: 'frame' | 'shell';
  from: 'http' | 'http with our headers' | 'file';
}
interface Kept {
  /** what a Worker and the page found when reopened */
  worker: string[];
  page: string[];
  /** what another page of the same origin found, over http */
  other: string[];
}

let runs = 0;

async function attempt(open: Running, { place, from }: Attempt): Promise<Kept> {
  const run = ++runs;
  const code = hostile(run);
  const html = place === 'frame' ? withFrameScript(demo.html, code) : withShell(demo.html, code);
  const headers = from === 'http with our headers' ? headersOf(policyIn(html)) : {};
  const site = await serve((path) => {
    if (path === '/') return { body: html, headers };
    const type = { 'content-type': 'text/html' };
    return path === '/other/' ? { body: other(run), headers: type } : undefined;
  });
  try {
    const path = join(folder, `${place}.html`);
    writeFileSync(path, html);
    const address = from === 'file' ? pathToFileURL(path).href : `${site.url}/`;
    const beside = from === 'file' ? undefined : await open.page();
    await beside?.goto(`${site.url}/other/`);
    const page = await open.page();
    const visit = async () => {
      await page.goto(address);
      return (await page.waitFor(
        () => (globalThis as unknown as { kept?: Omit<Kept, 'other'> }).kept,
      ))!;
    };
    expect(await visit()).toEqual({ worker: [], page: [] });
    const found = await beside?.evaluate(() =>
      (globalThis as unknown as { found(): Promise<string[]> }).found(),
    );
    return { ...(await visit()), other: found ?? [] };
  } finally {
    await site.close();
  }
}

/** Ways for a Worker to reach another page, besides those of every engine. */
const FURTHER: Record<EngineName, string[]> = {
  chromium: ['files'],
  firefox: ['files'],
  webkit: [],
};
const NOTHING: Kept = { worker: [], page: [], other: [] };

const suite = (name: EngineName) => (open: Running) => {
  test.each(['http', 'file'] as const)(
    'in the shell, from %s, code can store anything',
    async (from) => {
      const { worker, page, other } = await attempt(open, { place: 'shell', from });
      expect(worker).toEqual(expect.arrayContaining(['indexedDB', 'caches']));
      const ways = ['localStorage', 'sessionStorage', 'indexedDB', 'caches'];
      expect(page).toEqual(expect.arrayContaining(ways));
      if (from === 'file') return;
      const reached = ['indexedDB', 'caches', 'broadcast', 'locks', ...FURTHER[name]];
      expect(other).toEqual(expect.arrayContaining(reached.map((way) => `worker ${way}`)));
      expect(other).toContain('page cookie');
    },
  );

  test('in the shell, with our headers, it can store nothing', async () => {
    expect(await attempt(open, { place: 'shell', from: 'http with our headers' })).toEqual(NOTHING);
  });

  test.each(['file', 'http', 'http with our headers'] as const)(
    'in the frame, from %s, it can store nothing',
    async (from) => {
      expect(await attempt(open, { place: 'frame', from })).toEqual(NOTHING);
    },
  );
};

// As people have it, which is not sure of one that forgets.
for (const name of ENGINES) describeEngine(name, suite(name), { isOwn: true });
