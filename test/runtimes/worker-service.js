import { createIndex, match } from 'onlyhashes';
import {
  check,
  createHashPool,
  createSearchThreads,
  hash,
  openIndex,
  saveIndex,
  setWorkerScripts,
} from 'onlyhashes/node';
import { createService, openStore, scan } from 'onlyhashes/server';
import { factsOf, listed } from './core.js';
import question from './question.json';
import { serving } from './service.js';

// For workerd, with those of Node's modules that it has. Made at the start, as Workers do.
const { blocklist, answer } = serving(question);
const { hashes } = listed(question);
const PNG = Uint8Array.from(atob(question.pngBase64), (letter) => letter.charCodeAt(0));

/** The lengths of the uploads at `/counted` that were decided about. */
const decided = [];
const counting = scan({
  onError: 'accept',
  check: async (request) => {
    decided.push((await request.arrayBuffer()).byteLength);
    return match({ hash: hashes[0], quality: 100, variants: [] }, blocklist);
  },
});

/** Keys are those of `machineSteps`: here most of it is refused. */
const STEPS = {
  decoding: () => hash(PNG),
  processes: async () => {
    const { verdict, reason } = await check(PNG, blocklist);
    setWorkerScripts('/');
    const pool = createHashPool();
    const error = await pool.hash(PNG).catch(({ code, message }) => ({ code, message }));
    setWorkerScripts(undefined);
    return { verdict, reason, ...error };
  },
  threads: () => createHashPool({ isolation: 'thread' }).hash(PNG),
  brokenOff: () => decided,
  saved: async () => {
    await saveIndex('/tmp/saved.ohi', createIndex(hashes));
    return (await openIndex('/tmp/saved.ohi')).index.size;
  },
  files: () => openIndex('/tmp/saved.ohi'),
  sharedMemory: () => {
    setWorkerScripts('/');
    try {
      return createSearchThreads(blocklist);
    } finally {
      setWorkerScripts(undefined);
    }
  },
  fetching: async () => {
    const lookup = (_, __, done) => done(null, [{ address: '192.0.2.1', family: 4 }]);
    const fetchPictures = { hosts: ['media.test'], lookup };
    const { handler } = createService({ blocklist, hma: {}, fetchPictures });
    const asked = new Request('http://localhost/h/hash?url=https://media.test/a.jpg');
    return await (await handler(asked, { address: '127.0.0.1' })).json();
  },
  store: () => openStore({ dataDir: '/tmp/store' }),
};

// biome-ignore lint/style/noDefaultExport: workerd takes no other.
export default {
  async fetch(request) {
    const [, facts, name] = new URL(request.url).pathname.split('/');
    if (facts === 'counted') return await counting(request);
    if (facts !== 'facts') return await answer(request, { address: '' });
    return Response.json((await factsOf({ [name]: STEPS[name] }))[name]);
  },
};
