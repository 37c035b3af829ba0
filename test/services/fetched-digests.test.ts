import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import type { FormatError } from '../../src/errors.js';
import { type Digest, hashFromHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { fetchList } from '../../src/node/files/fetch-list.js';
import type { FakeService } from '../../src/services/fake-service.js';
import { HmaClient } from '../../src/services/hma/client.js';
import { fakeHma } from '../../src/services/hma/fake.js';
import type { ListClient, ListUpdate } from '../../src/services/list-update.js';
import { NcmecClient } from '../../src/services/ncmec/client.js';
import { fakeNcmec } from '../../src/services/ncmec/fake.js';
import { StopNciiClient } from '../../src/services/stop-ncii/client.js';
import { fakeStopNcii } from '../../src/services/stop-ncii/fake.js';
import { TechAgainstTerrorismClient } from '../../src/services/tech-against-terrorism/client.js';
import { fakeTechAgainstTerrorism } from '../../src/services/tech-against-terrorism/fake.js';
import { ThreatExchangeClient } from '../../src/services/threat-exchange/client.js';
import { fakeThreatExchange } from '../../src/services/threat-exchange/fake.js';
import { stillClock } from './still-clock.js';

const START = 1_700_000_000;
let now = START;
const QUIET = { tries: 1, timeoutSeconds: 10, clock: stillClock(() => now) };

/** A service, whose records have one hash each. */
interface Served {
  readonly fake: FakeService;
  readonly client: ListClient<unknown>;
  /** Lists record `n`, or takes it back as the service does. */
  put(n: number, type: string, value: string, isListed?: boolean): void;
}

const SERVICES: Readonly<Record<string, () => Promise<Served>>> = {
  async StopNCII() {
    const fake = await fakeStopNcii({ startSeconds: START });
    const keys = { subscriptionKey: 'a', fetchHashesKey: 'b' };
    return {
      fake,
      client: new StopNciiClient(keys, { baseUrl: fake.url, ...QUIET }),
      put(_, signalType, hashValue, isListed = true) {
        const hashStatus = isListed ? 'Active' : 'Withdrawn';
        fake.put({ signalType, hashValue, hashStatus, caseNumbers: [], feedbacks: [] });
      },
    };
  },
  async NCMEC() {
    const fake = await fakeNcmec({ now: () => now * 1000 });
    const login = { user: 'user', password: 'password' };
    return {
      fake,
      client: new NcmecClient(login, { baseUrl: fake.url, ...QUIET }),
      put(n, type, value, isListed = true) {
        const timestamp = new Date(now * 1000).toISOString();
        const ids = { memberId: '1', id: `${n}`, timestamp, votes: [] };
        const fingerprints = [{ type, value }];
        if (isListed) fake.put({ kind: 'video', isDeleted: false, ...ids, fingerprints });
        else fake.remove('1', `${n}`, timestamp);
      },
    };
  },
  async 'Tech Against Terrorism'() {
    const fake = await fakeTechAgainstTerrorism({ startSeconds: START });
    const login = { username: 'user', password: 'password' };
    return {
      fake,
      client: new TechAgainstTerrorismClient(login, { baseUrl: fake.url, ...QUIET }),
      put: (n, algorithm, hashDigest, isListed = true) =>
        void fake.put({ id: `${n}`, algorithm, hashDigest, deleted: !isListed }),
    };
  },
  async ThreatExchange() {
    const fake = await fakeThreatExchange({ startSeconds: START });
    const descriptor = { id: '1', ownerId: '2', tags: [], reactions: [] };
    const access = { accessToken: '1234567890|secret' };
    return {
      fake,
      client: new ThreatExchangeClient(access, '1', { baseUrl: fake.url, ...QUIET }),
      put(n, type, indicator, isListed = true) {
        const descriptors = [{ ...descriptor, status: isListed ? 'MALICIOUS' : 'NON_MALICIOUS' }];
        fake.put({ id: `${n}`, indicator, type, shouldDelete: false, descriptors });
      },
    };
  },
  async HMA() {
    const fake = await fakeHma({ now: () => now * 1000 });
    fake.setBank('OURS', 1);
    return {
      fake,
      client: new HmaClient({ baseUrl: fake.url, bank: 'OURS', maxMissing: 16, ...QUIET }),
      put(n, type, value, isListed = true) {
        const bank = { name: 'OURS', enabledRatio: 1 };
        const content = { id: `${n}`, bank, disableUntil: isListed ? 1 : 0, exchanges: [] };
        fake.put({ ...content, signals: [{ type, value }] });
      },
    };
  },
};

const running: FakeService[] = [];
afterEach(async () => {
  now = START;
  await Promise.all(running.splice(0).map((fake) => fake.close()));
});
async function served(name: string): Promise<Served> {
  const service = await SERVICES[name]!();
  running.push(service.fake);
  return service;
}

const hexOf = (digest: Digest, of: string) => createHash(digest).update(of).digest('hex');
const base64Of = (hex: string) => Buffer.from(hex, 'hex').toString('base64');
const fileOf = (digest: Digest, of: string) => ({
  ...{ name: 'file' as const, quality: 100 },
  hash: hashFromHex(digest, hexOf(digest, of)),
});

describe.each([
  ['StopNCII', 'VideoMD5', 'md5'],
  ['NCMEC', 'md5', 'md5'],
  ['NCMEC', 'sha1', 'sha1'],
  ['Tech Against Terrorism', 'MD5', 'md5'],
  ['Tech Against Terrorism', 'SHA1', 'sha1'],
  ['Tech Against Terrorism', 'SHA256', 'sha256'],
  ['ThreatExchange', 'HASH_MD5', 'md5'],
  ['ThreatExchange', 'HASH_SHA1', 'sha1'],
  ['ThreatExchange', 'HASH_SHA256', 'sha256'],
  ['ThreatExchange', 'HASH_VIDEO_MD5', 'md5'],
  ['ThreatExchange', 'HASH_VIDEO_SHA256', 'sha256'],
  ['HMA', 'video_md5', 'md5'],
] as const)('%s, %s', (name, type, digest) => {
  test('listed in either case it matches, withdrawn no more, listed again it does', async () => {
    const { client, put } = await served(name);
    const list = createBlocklist([]);
    const hex = { lower: hexOf(digest, 'lower'), upper: hexOf(digest, 'upper').toUpperCase() };
    const fetched = async () => {
      // Later than the checkpoint, however far back a client asks.
      now += 60;
      await fetchList(list, 'a', client);
      const of = (file: string) => match([fileOf(digest, file)], list).reason;
      return [of('lower'), of('upper'), of('other')];
    };
    const MATCHED = 'matched-digest';
    put(1, type, hex.lower);
    put(2, type, hex.upper);
    expect(await fetched()).toEqual([MATCHED, MATCHED, 'nothing-near']);
    put(1, type, hex.lower, false);
    expect(await fetched()).toEqual(['nothing-near', MATCHED, 'nothing-near']);
    put(2, type, hex.upper.toLowerCase(), false);
    expect(await fetched()).toEqual(Array(3).fill('nothing-comparable'));
    put(2, type, hex.upper);
    expect(await fetched()).toEqual(['nothing-near', MATCHED, 'nothing-near']);
  });

  test('of a mixed list, those that can be read are entries, and the others are told', async () => {
    const { client, put } = await served(name);
    const good = hexOf(digest, 'good');
    const other = digest === 'md5' ? 'sha1' : 'md5';
    const odd = hexOf('md5', 'odd');
    const wrong = [
      ...[good.slice(1), `${good}0`, hexOf(other, 'other'), `${good.slice(1)}g`],
      `0x${good.slice(2)}`,
    ];
    // Some members of ThreatExchange write digests in base64.
    const isBase64Read = name === 'ThreatExchange';
    const texts = [...wrong, base64Of(hexOf(digest, 'base64')), good];
    for (const [at, value] of texts.entries()) put(at + 1, type, value);
    const unknownType = { HMA: 'sha512', NCMEC: 'md7' }[name as string] ?? 'HASH_SHA512';
    put(9, unknownType, odd);
    now += 60;
    const messages: string[] = [];
    const updates: ListUpdate[] = [];
    const words: string[] = [];
    const onProblem = ({ code, message }: FormatError) => {
      expect(code).toBe('bad-hash');
      messages.push(message);
    };
    for await (const page of client.fetchUpdates({ onProblem })) {
      updates.push(...page.updates);
      words.push(...page.unknown.map(({ field, word, count }) => `${field} ${word} ${count}`));
    }
    const entries = updates.flatMap((update) => update.entries);
    const read = isBase64Read ? ['base64', 'good'] : ['good'];
    expect(entries.map(({ hash }) => hash).sort(byHex)).toEqual(
      read.map((of) => hashFromHex(digest, hexOf(digest, of))).sort(byHex),
    );
    // An unknown name is kept and counted.
    expect(updates.flatMap(({ signals }) => signals)).toContainEqual({
      ...{ type: unknownType, value: odd },
    });
    expect(words).toEqual([expect.stringMatching(`${unknownType}.* 1$`)]);
    expect(messages).toHaveLength(wrong.length + (isBase64Read ? 0 : 1));
    // Not even a part of a value.
    for (const message of messages) {
      expect(message).not.toMatch(/[\da-f]{5}/i);
      for (const text of texts) expect(message).not.toContain(text.slice(0, 6));
    }
  });
});

const byHex = (a: { bytes: Uint8Array }, b: { bytes: Uint8Array }) =>
  Buffer.compare(a.bytes, b.bytes);
