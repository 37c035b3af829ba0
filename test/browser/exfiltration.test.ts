import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { headersOf } from '../../src/page/policy.js';
import en from '../../src/page/strings/en.json' with { type: 'json' };
import { testFolder } from '../folder.js';
import { buildDemo } from '../page/demo-page.js';
import { policyIn, withFrameScript } from '../page/demo-scripts.js';
import { STATED_GAPS } from '../page/safety/stated-gaps.js';
import { ROOT } from '../project/package.js';
import { hostileCode } from './engines/channels.js';
import {
  describeEngine,
  ENGINES,
  type EngineName,
  type EnginePage,
  type Running,
} from './engines/engines.js';
import { type Listeners, openListeners } from './engines/listeners.js';
import { openNameserver, skipUnwatched } from './engines/nameserver.js';

const folder = testFolder();
const demo = buildDemo(folder);
const nameserver = await openNameserver();
afterAll(() => {
  if (typeof nameserver !== 'string') nameserver.close();
});

/**
 * The built page, with its policy and frame, and `script` in place of the page's own; or a page of
 * that script alone.
 */
function pageWith(
  script: string,
  policed: boolean,
): { body: string; headers: Record<string, string> } {
  if (policed) {
    const body = withFrameScript(demo.html, script);
    return { body, headers: headersOf(policyIn(body)) };
  }
  const body = `<!doctype html><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><body><script>${script}</script>`;
  return { body, headers: {} };
}

/**
 * Starts the Worker as the library does: classic, from a blob, and as a module if the engine can.
 */
const startWorkers = (code: string) => `
  const url = URL.createObjectURL(new Blob([${JSON.stringify(code).replaceAll('<', '\\x3c')}], { type: 'text/javascript' }));
  const ended = new Set();
  const end = (type, how) => {
    ended.add(type);
    if (how === 'error' && type === 'classic') document.title = 'failed';
    else if (ended.size === 2) document.title = 'tried';
  };
  for (const type of ['module', 'classic']) {
    const worker = new Worker(url, { type, name: type });
    worker.onmessage = () => end(type, 'tried');
    worker.onerror = (event) => { event.preventDefault(); end(type, 'error'); };
  }`;

interface Attempt {
  from: 'http' | 'file';
  who: 'worker' | 'page';
  policed: boolean;
}

/** A window in which hostile code has tried all that needs no key, with what arrived. */
interface Begun {
  page: EnginePage;
  address: string;
  /** names of the channels by which something arrived, sorted */
  arrived(): string[];
  /** if the page has tried to leave */
  left(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Arrivals count until this long after the last arrival that is waited for. Without the policy all
 * of them take a second or two.
 */
const SETTLE_MILLISECONDS = 3500;
/** Limit of the wait for a channel that is known to be open. */
const PATIENCE_MILLISECONDS = 60_000;
let runs = 0;

/** Opens the page and lets hostile code try everything. */
async function begin(open: Running, { from, who, policed }: Attempt): Promise<Begun> {
  const run = `r${++runs}`;
  const suffix = `.${run}.leak.test`;
  const page = await open.page();
  const pageOf = (ports: Listeners['ports']) => {
    const code = hostileCode(ports, run);
    return pageWith(who === 'page' ? code : startWorkers(code), policed);
  };
  const listeners = await openListeners(pageOf);
  const arrived = () => {
    const names = typeof nameserver === 'string' ? [] : nameserver.asked;
    const asked = names.filter((name) => name.endsWith(suffix));
    const all = [...listeners.arrived, ...asked.map((name) => name.slice(0, -suffix.length))];
    // Without the letter of the scope, and without the prefixes of Chromium and Firefox.
    return [...new Set(all.map((name) => name.replace(/^(_.*\.)?[pmc]\./, '')))].sort();
  };
  const path = join(folder, `${run}.html`);
  if (from === 'file') writeFileSync(path, pageOf(listeners.ports).body);
  const address = from === 'file' ? `file://${path}` : `http://localhost:${listeners.ports.site}/`;
  await page.goto(address);
  const title = () => /^(tried|failed)$/.test(document.title) && document.title;
  expect(await page.waitFor(title)).toBe('tried');
  return {
    page,
    address,
    arrived,
    // Without the policy the whole page leaves, so it cannot be asked.
    left: async () =>
      policed
        ? await page.evaluate(() => document.title !== 'tried').catch(() => true)
        : arrived().includes('navigation'),
    async close() {
      await page.close().catch(() => {});
      await listeners.close();
    },
  };
}

/** Waits until all of these have arrived, or not within the limit. In the page it presses keys. */
async function arrival(
  { page, arrived, left }: Begun,
  who: Attempt['who'],
  awaited: readonly string[],
): Promise<void> {
  const until = async (done: () => boolean | Promise<boolean>, key?: string) => {
    for (let waited = 0; waited < PATIENCE_MILLISECONDS / 50 && !(await done()); waited++) {
      if (key && waited % 100 === 0) {
        // A busy WebKit may lose a key, so it is pressed again.
        await page.top.evaluate(() => document.getElementById('page')?.focus());
        await page.press(key);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  if (who === 'page') {
    // A page that leaves may end the load of the window it has just opened.
    await until(() => arrived().includes('window'), 'a');
    await until(left, 'b');
  }
  await until(() => awaited.every((name) => arrived().includes(name)));
}

/**
 * Attempts with the policy and without, in windows of the same time: those with it begin first, so
 * that they have all the time in which the others are seen to arrive, and more.
 * @param awaited the channels known to be open, with the policy and without
 * @returns the channels by which something arrived
 */
async function attempts(
  open: Running,
  from: readonly Attempt['from'][],
  who: Attempt['who'],
  awaited: (from: Attempt['from'], policed: boolean) => readonly string[],
): Promise<{ from: Attempt['from']; within: string[]; without: string[] }[]> {
  const begun: { from: Attempt['from']; policed: boolean; window: Begun }[] = [];
  try {
    for (const policed of [true, false]) {
      for (const each of from) {
        const window = await begin(open, { from: each, who, policed });
        begun.push({ from: each, policed, window });
      }
    }
    await Promise.all(
      begun.map(({ from, policed, window }) => arrival(window, who, awaited(from, policed))),
    );
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
    for (const { policed, window } of begun) {
      if (policed) expect(await window.page.url()).toBe(window.address);
    }
    return from.map((each) => {
      const [within, without] = [true, false].map((policed) =>
        begun.find((one) => one.from === each && one.policed === policed)!.window.arrived(),
      );
      return { from: each, within: within!, without: without! };
    });
  } finally {
    for (const { window } of begun) await window.close();
  }
}

const watchesNames = typeof nameserver !== 'string';

/** Ways out of a Worker in every engine without a policy, from http and from a file. */
const FROM_WORKER = [
  'cache',
  'compile',
  'evaluated',
  'eventSource',
  'fetch',
  'import',
  'importScripts',
  'keepalive',
  'syncXhr',
  'webSocket',
  'xhr',
];
/** Further ones if the engine must look up a name. */
const NAMES_FROM_WORKER = ['dnsfetch', 'dnsimport', 'dnswebsocket'];
/** Further ones of each engine. */
const MORE_FROM_WORKER: Record<EngineName, Record<Attempt['from'], string[]>> = {
  chromium: {
    http: ['blobWorker', 'dataWorker', 'nestedWorker', 'font', 'webTransport'],
    file: ['dataWorker', 'font', 'webTransport'],
  },
  firefox: {
    http: [
      ...['blobWorker', 'dataWorker', 'nestedWorker', 'serviceWorker'],
      ...['font', 'webTransport', 'notification'],
    ],
    file: ['font', 'webTransport', 'notification'],
  },
  webkit: { http: ['blobWorker', 'dataWorker', 'nestedWorker'], file: ['dataWorker'] },
};
/** Ways out of the page itself in every engine without a policy. */
const FROM_PAGE = [
  ...['background', 'beacon', 'embed', 'fetch', 'font', 'form', 'iframe', 'image', 'import'],
  ...['eventSource', 'keepalive', 'modulepreload', 'object', 'preload', 'script', 'style'],
  ...['stylesheet', 'svgImage', 'webSocket', 'xhr', 'navigation', 'window'],
  ...['blobFrameImage', 'blobFrameRefresh', 'blobFrameScript', 'dataFrame', 'srcdocFrame'],
];
/** Further ones of each engine: identity, and the lookup of who may use a passkey. */
const MORE_FROM_PAGE: Record<EngineName, Record<Attempt['from'], string[]>> = {
  chromium: {
    http: ['identity', ...(watchesNames ? ['dnswebauthn'] : [])],
    file: ['identity'],
  },
  firefox: {
    http: watchesNames ? ['dnswebauthn'] : [],
    file: watchesNames ? ['dnswebauthn'] : [],
  },
  webkit: { http: [], file: [] },
};
/** Ways out that the policy leaves to the page's own script, as the page and docs/page.md say. */
const STATED = Object.values(STATED_GAPS).flat();
/** Those that work in every run of an engine; the others work in some. */
const SURE_GAPS: Record<EngineName, string[]> = {
  chromium: ['stun', 'turn', 'preconnect', 'window'],
  firefox: ['stun', 'turn', 'window'],
  webkit: ['preconnect', 'window'],
};

/** Ways out of the page seen open in any engine. */
const measured = new Set<string>();

const suite = (name: EngineName) => (open: Running) => {
  const from: Attempt['from'][] = ['http', 'file'];

  test('from http and from a file, nothing leaves the Worker, but it does without the policy', async () => {
    const unpoliced = (from: Attempt['from']) => [
      ...FROM_WORKER,
      ...(watchesNames ? NAMES_FROM_WORKER : []),
      ...MORE_FROM_WORKER[name][from],
    ];
    const tried = await attempts(open, from, 'worker', (from, policed) =>
      policed ? [] : unpoliced(from),
    );
    for (const { from, within, without } of tried) {
      expect(unpoliced(from).filter((channel) => !without.includes(channel))).toEqual([]);
      expect(within, from).toEqual([]);
    }
  });

  test('from http and from a file, the page itself has the documented gaps and no others', async () => {
    const unpoliced = (from: Attempt['from']) => [...FROM_PAGE, ...MORE_FROM_PAGE[name][from]];
    const tried = await attempts(open, from, 'page', (from, policed) =>
      policed ? SURE_GAPS[name] : unpoliced(from),
    );
    for (const { from, within, without } of tried) {
      expect(unpoliced(from).filter((channel) => !without.includes(channel))).toEqual([]);
      for (const channel of within) measured.add(channel);
      expect(within.filter((channel) => !STATED.includes(channel))).toEqual([]);
      expect(SURE_GAPS[name].filter((channel) => !within.includes(channel))).toEqual([]);
    }
  });
};

for (const name of ENGINES) {
  describeEngine(name, suite(name), {
    // As people have it, which is not sure of one that forgets.
    isOwn: true,
    ...(watchesNames ? { nameserver: nameserver.address } : {}),
    // Opens more ways out where there is no policy.
    preferences: {
      'permissions.default.desktop-notification': 1,
      'media.peerconnection.ice.loopback': true,
    },
  });
}

test('each documented gap was seen open in an engine, and docs/page.md lists the same gaps', () => {
  const stated = Object.entries(STATED_GAPS).filter(([gap]) => watchesNames || gap !== 'gapNames');
  const open = stated.filter(([, channels]) => channels.some((channel) => measured.has(channel)));
  expect(open.map(([gap]) => gap)).toEqual(stated.map(([gap]) => gap));
  const page = readFileSync(join(ROOT, 'docs/page.md'), 'utf8').replace(/\s+/g, ' ');
  const words = /The page's own script could still ([^;]*);/.exec(page)?.[1];
  const inEnglish = (Object.keys(STATED_GAPS) as (keyof typeof STATED_GAPS)[]).map((gap) =>
    en[gap].replace(/,.*/, ''),
  );
  expect(words?.split(/, (?:and )?/)).toEqual(inEnglish);
});

if (typeof nameserver === 'string') skipUnwatched(nameserver);
