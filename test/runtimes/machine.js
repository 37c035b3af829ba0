import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import process from 'node:process';
import { createBlocklist, createIndex, hashToHex, match } from 'onlyhashes';
import {
  check,
  createHashPool,
  createSearchThreads,
  hash as hashFile,
  openBlocklist,
  openIndex,
  saveIndex,
} from 'onlyhashes/node';
import { createNodeListener, createService, NODE_LIMITS, openStore, scan } from 'onlyhashes/server';
import { ask, breakOff } from './ask.js';
import { told } from './core.js';
import { serving, TOKEN } from './service.js';

/*
 * The part of the program that needs files, processes and threads: Node, Bun and Deno run it.
 */

export function machineSteps({ pictures, photo, otherPhoto, heic, photoBase64 }) {
  const made = hashFile(photo);
  const listOfPhoto = async () => createBlocklist([{ hash: (await made).hash, labels: ['cat'] }]);
  const asking = { pictures, photo: photoBase64, token: TOKEN };
  return {
    /** a photo by sharp, and one by the HEIC decoder in a thread */
    decoding: async () => {
      const image = await hashFile(photo, { variants: 'dihedral' });
      const { width, height, quality } = image;
      const { quality: ofHeic } = await hashFile(heic);
      return { pdq: hashToHex(image.hash), quality, width, height, heic: ofHeic };
    },
    /** uploads that are decoded in a process of their own, which may be killed or grow too large */
    processes: async () => {
      const list = await listOfPhoto();
      // What a server has in its environment is none of a decoder's business.
      process.env.DATABASE_PASSWORD = 'a secret';
      const shared = [await check(photo, list), await check(otherPhoto, list)];
      const pool = createHashPool({ workers: 1 });
      const first = await pool.check(photo, list);
      const [pid] = pool.stats().pids;
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      process.kill(pid, 'SIGKILL');
      const second = await pool.check(photo, list);
      const { pids, restarts } = pool.stats();
      await pool.close();
      const small = createHashPool({ workers: 1, maxMemory: 16 * 2 ** 20 });
      const large = await small.check(photo, list);
      await small.close();
      return {
        shared: shared.map(told),
        isKept:
          !environment.join().includes('a secret') &&
          environment.includes(`PATH=${process.env.PATH}`),
        isApart: pid !== process.pid && pids[0] !== pid,
        restarts,
        killed: [first.verdict, second.verdict],
        large: large.reason,
      };
    },
    /** the same in threads, for who may start no processes */
    threads: async () => {
      const pool = createHashPool({ workers: 1, isolation: 'thread' });
      const { verdict } = await pool.check(photo, await listOfPhoto());
      await pool.close();
      return verdict;
    },
    /** an index and a blocklist, saved and opened */
    files: async () => {
      const { hash } = await made;
      await saveIndex('saved.ohi', createIndex([hash]));
      const index = await openIndex('saved.ohi');
      const list = await openBlocklist('saved.ohb', { create: await listOfPhoto() });
      const { verdict, matches } = match(await made, list);
      return { hits: index.index.search(hash, 31), verdict, labels: matches[0].entry.labels };
    },
    /** threads that search one blocklist in shared memory */
    sharedMemory: async () => {
      const { hash } = await made;
      const hashes = Array.from({ length: 20_000 }, (_, i) => scattered(hash, i));
      const list = createBlocklist(hashes.map((each) => ({ hash: each, labels: [] })));
      const threads = createSearchThreads(list, { workers: 2 });
      await threads.ready();
      const { verdict } = await match({ hash, quality: 100, variants: [] }, list, { remote: [] });
      const { searches } = threads.stats();
      await threads.close();
      return { verdict, searches };
    },
    /** a server of `node:http`, and the runtime's own if it has one */
    servers: async () => {
      const { hash } = await made;
      const answers = {};
      const node = serving({ pictures }, [hash]);
      const server = createServer(NODE_LIMITS, createNodeListener(node.answer));
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      answers.node = await ask(`http://127.0.0.1:${server.address().port}`, asking);
      server.close();
      server.closeAllConnections();
      await node.drain();
      const own = serving({ pictures }, [hash]);
      const native = await started(own.answer);
      if (native) {
        answers.own = await ask(`http://127.0.0.1:${native.port}`, asking);
        await native.stop();
      }
      await own.drain();
      return answers;
    },
    /** an upload whose connection ends amid it: what is decided, though all errors are accepted */
    brokenOff: async () => {
      let tell;
      const uploads = scan({
        blocklist: await listOfPhoto(),
        onError: 'accept',
        onDecision: ({ verdict }) => tell(verdict),
      });
      const verdictOf = async (port) => {
        const decided = new Promise((resolve) => {
          tell = resolve;
        });
        await breakOff(port, '/', Buffer.from(photoBase64, 'base64'));
        return await decided;
      };
      const server = createServer(NODE_LIMITS, createNodeListener(uploads));
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const verdicts = [await verdictOf(server.address().port)];
      server.close();
      server.closeAllConnections();
      const native = await started(uploads);
      if (native) verdicts.push(await verdictOf(native.port));
      await native?.stop();
      return verdicts;
    },
    /** a name that leads to this machine is not fetched from, and one that may be is */
    fetching: async () => {
      let asked = 0;
      const server = createServer((_, response) => {
        asked++;
        response.writeHead(200, { 'content-type': 'image/jpeg' });
        response.end(Buffer.from(photoBase64, 'base64'));
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address();
      const hosts = [`http://media.test:${port}`];
      const url = `${hosts[0]}/a.jpg`;
      const lookup = (_, __, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
      const ask = async (privateNetworks) => {
        const fetchPictures = { hosts, lookup, privateNetworks };
        const service = createService({ blocklist: createBlocklist([]), hma: {}, fetchPictures });
        const asked = new Request(`http://localhost/h/hash?url=${encodeURIComponent(url)}`);
        const reply = await service.handler(asked, { address: '127.0.0.1' });
        const body = await reply.json();
        await service.drain();
        return body;
      };
      const refused = (await ask([])).message;
      const askedBefore = asked;
      const { pdq } = await ask(['127.0.0.1']);
      server.close();
      server.closeAllConnections();
      return { refused, askedBefore, isListed: pdq === hashToHex((await made).hash) };
    },
    /** the embedded store, in a folder */
    store: async () => {
      const store = await openStore({ dataDir: 'store' });
      await store.apply({ add: [{ hash: (await made).hash, labels: ['cat'] }] });
      const follower = await store.follow();
      const { verdict } = match(await made, follower.blocklist, { allowList: follower.allowList });
      const revision = await store.revision();
      await follower.close();
      await store.close();
      return { verdict, revision };
    },
  };
}

/** A hash far from any other of another number. */
function scattered({ algorithm }, number) {
  let state = number + 1;
  const bytes = Uint8Array.from({ length: 32 }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return state >>> 24;
  });
  return { algorithm, bytes };
}

/** The runtime's own server of standard requests; undefined in Node, which has none. */
async function started(answer) {
  if (globalThis.Deno) {
    const options = { port: 0, hostname: '127.0.0.1', onListen() {} };
    const server = Deno.serve(options, (request, { remoteAddr }) =>
      answer(request, { address: remoteAddr.hostname }),
    );
    return { port: server.addr.port, stop: () => server.shutdown() };
  }
  if (globalThis.Bun) {
    const server = Bun.serve({
      ...{ port: 0, hostname: '127.0.0.1' },
      fetch: (request, self) =>
        answer(request, { address: self.requestIP(request)?.address ?? '' }),
    });
    return { port: server.port, stop: () => server.stop(true) };
  }
  return undefined;
}
