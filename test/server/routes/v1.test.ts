import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test, vi } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { DecodeError } from '../../../src/errors.js';
import { type Hash, hashToHex, hashToJSON, newHash } from '../../../src/hash.js';
import { type Decision, unhashable } from '../../../src/matching/decision.js';
import { createFloodGuard } from '../../../src/matching/flood-guard.js';
import { match } from '../../../src/matching/match.js';
import { createRemoteList } from '../../../src/matching/remote-list.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { type ReviewRecord, reviewFactsOf } from '../../../src/review/review-record.js';
import { MATCH_REPLY_SCHEMA } from '../../../src/server/routes/match-reply.js';
import { flipBits } from '../../arbitraries.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { pictureForm } from '../hma/hma-served.js';
import { as, posted, served, type TokenRole, tokens } from '../served.js';
import {
  allowing,
  blocklist,
  formOf,
  HALF,
  LISTED,
  NO_PICTURE,
  OTHER,
  pool,
  poolWith,
} from '../uploads/uploads.js';

/** Hashes as `hash` gives them: they write themselves. */
const off = (bits: number) => newHash('pdq', flipBits(BASE, ORDER, bits).bytes);
const list = createBlocklist(
  [4, 4, 9, 20, 50].map((bits, i) => ({
    hash: off(bits),
    labels: ['a label'],
    id: `${bits}-${i}`,
  })),
);
const isReply = new Ajv2020({ strict: false }).compile(MATCH_REPLY_SCHEMA);

interface Reply {
  answered: boolean;
  explanation: string;
  leftOut: number;
  decision: {
    verdict: string;
    reason: string;
    matches: { id?: string; hash?: string; distance: number; variantHash: string }[];
    policy: { matchDistance: number };
    unanswered?: string[];
    remoteMatches?: { id?: string }[];
    upload?: object;
  };
}

async function asked(url: string, init: RequestInit, query = ''): Promise<[number, Reply]> {
  const response = await fetch(`${url}/v1/match${query}`, init);
  const reply = (await response.json()) as Reply;
  expect(isReply(reply), JSON.stringify(isReply.errors)).toBe(true);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return [response.status, reply];
}

const picture = (bytes: Uint8Array, role: TokenRole = 'match', type = 'image/jpeg') =>
  as(role, {
    method: 'POST',
    body: bytes as Uint8Array<ArrayBuffer>,
    headers: { 'content-type': type },
  });

test('a hash gets a decision with an explanation, the nearest match first', async () => {
  await served(
    async ({ url, logs }) => {
      const [status, reply] = await asked(url, posted(hashToJSON(off(0)), 'match'));
      expect(status).toBe(200);
      expect(reply).toMatchObject({ answered: true, leftOut: 0 });
      expect(reply.explanation).toBe('match: distance 4, variant original, at most 31');
      expect(reply.decision.verdict).toBe('match');
      expect(reply.decision.matches.map(({ distance }) => distance)).toEqual([4, 4, 9, 20]);
      expect(logs.at(-1)?.facts).toEqual({
        ...{ verdict: 'match', reason: 'within-match-distance', matches: 4 },
        generation: list.generation,
      });
      const [, none] = await asked(url, posted(hashToJSON(off(200)), 'match'));
      expect([none.answered, none.decision.reason]).toEqual([true, 'nothing-near']);
      const other = { algorithm: 'dhash', hash: 'ab'.repeat(8) };
      const [, nothing] = await asked(url, posted(other, 'match'));
      expect([nothing.answered, nothing.decision.reason]).toEqual([true, 'nothing-comparable']);
    },
    { blocklist: list },
  );
});

test('64 hex digits that name no algorithm are PDQ, as on a list', async () => {
  await served(
    async ({ url }) => {
      const { hash: hex } = hashToJSON(off(0));
      const [, named] = await asked(url, posted(hashToJSON(off(0)), 'match'));
      const [status, bare] = await asked(url, posted({ hash: hex }, 'match'));
      expect([status, bare.decision.matches]).toEqual([200, named.decision.matches]);
      const { hash: far } = hashToJSON(off(200));
      const variants = [{ name: 'original', hash: hex }];
      const [, variant] = await asked(url, posted({ hash: far, variants }, 'match'));
      expect(variant.decision.verdict).toBe('match');
      // A named digest stays one.
      const digest = { hash: hex, algorithm: 'sha256' };
      const [, other] = await asked(url, posted(digest, 'match'));
      expect(other.decision.reason).toBe('nothing-comparable');
    },
    { blocklist: list },
  );
});

test('distance narrows the search, limit the answer, and omitted matches are counted', async () => {
  await served(
    async ({ url }) => {
      const body = posted(hashToJSON(off(0)), 'match');
      const [, near] = await asked(url, body, '?distance=8');
      expect(near.decision.matches.map(({ distance }) => distance)).toEqual([4, 4]);
      expect(near.decision.policy.matchDistance).toBe(8);
      const [, none] = await asked(url, body, '?distance=3');
      expect(none.decision).toMatchObject({ verdict: 'none', matches: [] });
      const [, wide] = await asked(url, body, '?distance=256');
      expect(wide.decision.matches).toHaveLength(4);
      const [, few] = await asked(url, body, '?limit=1');
      expect([few.decision.matches.length, few.leftOut]).toEqual([1, 3]);
      const [, verdict] = await asked(url, body, '?limit=0');
      expect(verdict).toMatchObject({ leftOut: 4, decision: { verdict: 'match', matches: [] } });
      for (const query of ['?distance=-1', '?distance=257', '?limit=1001', '?limit=x', '?all=1']) {
        const response = await fetch(`${url}/v1/match${query}`, body);
        expect(response.status).toBe(400);
      }
    },
    { blocklist: list },
  );
});

test('the policy, the allow list and the flood guard of the service are obeyed', async () => {
  const floodGuard = createFloodGuard();
  for (const name of ['count', 'isFlooded'] as const) {
    vi.spyOn(floodGuard, name).mockReturnValue(true);
  }
  const followed = { blocklist, revision: 1, allowList: allowing() };
  for (const [options, said] of [
    [{ policy: { matchDistance: -1 } }, { verdict: 'review', policy: { matchDistance: -1 } }],
    [{ allowList: allowing() }, { verdict: 'none', reason: 'allowed' }],
    [{ follower: followed }, { verdict: 'none', reason: 'allowed' }],
    [{ floodGuard }, { verdict: 'review', reason: 'flooded' }],
  ] as const) {
    const scans: Decision[] = [];
    const scan = {
      onError: 'refuse',
      onDecision: (one: Decision) => void scans.push(one),
    } as const;
    await served(
      async ({ url }) => {
        const { hash } = await hashFile(LISTED);
        const [, byHash] = await asked(url, posted(hashToJSON(hash), 'match'));
        const [, byPicture] = await asked(url, picture(LISTED));
        const [, byForm] = await asked(url, as('match', { method: 'POST', body: formOf(LISTED) }));
        for (const { decision } of [byHash, byPicture, byForm])
          expect(decision).toMatchObject(said);
        const scanned = await fetch(`${url}/v1/scan`, picture(LISTED));
        expect(scanned.status).toBe(200);
        expect(scans).toMatchObject([said]);
        const form = { method: 'POST', body: pictureForm('photo', LISTED) };
        const hma = await fetch(`${url}/m/lookup`, as('match', form));
        expect(await hma.json()).toEqual({ pdq: {} });
        expect(hma.headers.get('onlyhashes-verdict')).toBe(said.verdict);
      },
      { ...options, scan, hma: {} },
    );
  }
  const refused = { follower: followed, allowList: allowing() };
  await expect(served(async () => {}, refused)).rejects.toThrow('expected no allowList');
});

test('entry hashes are for curators, unless an option gives them to all', async () => {
  const body = (role: TokenRole) => posted(hashToJSON(off(0)), role);
  const hex = hashToHex(off(4));
  await served(
    async ({ url }) => {
      const [, reply] = await asked(url, body('match'));
      expect(JSON.stringify(reply)).not.toContain(hex);
      expect(reply.decision.matches[0]?.variantHash).toBe(hashToHex(off(0)));
      for (const role of ['curate', 'admin'] as const) {
        const [, told] = await asked(url, body(role));
        expect(told.decision.matches[0]?.hash).toBe(hex);
      }
    },
    { blocklist: list },
  );
  await served(
    async ({ url }) => {
      const [, reply] = await asked(url, body('match'));
      expect(reply.decision.matches[0]?.hash).toBe(hex);
    },
    { blocklist: list, includeHashes: true },
  );
});

test('the hash of the picture of a list crop is for curators, too', async () => {
  const group = hashToHex(off(100));
  const entry = { hash: off(4), labels: [], variant: 'window1x1', group };
  await served(
    async ({ url }) => {
      const [, reply] = await asked(url, posted(hashToJSON(off(0)), 'match'));
      expect(reply.decision.matches[0]).toHaveProperty('entryVariant', 'window1x1');
      expect(JSON.stringify(reply)).not.toContain(group);
      const [, told] = await asked(url, posted(hashToJSON(off(0)), 'curate'));
      expect(told.decision.matches[0]).toHaveProperty('group', group);
    },
    { blocklist: createBlocklist([entry]) },
  );
});

test('an entry that is named by its hash is not named to callers without access to hashes', async () => {
  const short = newHash('dhash', new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]));
  const named = createBlocklist([
    // As StopNCII's are.
    { hash: off(4), labels: [], id: `ImagePDQ:${hashToHex(off(4)).toUpperCase()}` },
    { hash: off(5), labels: [], id: 'entry 5' },
    { hash: short, labels: [], id: hashToHex(short) },
  ]);
  const hit = { id: `x:${hashToHex(off(6))}`, labels: [], distance: 6 };
  const there = {
    name: 'there',
    ask: async (hashes: readonly Hash[]) =>
      hashes.map((hash) => ({ hash, answer: 'hits' as const, hits: [hit] })),
  };
  const elsewhere = createRemoteList(there, { sendsHashes: true });
  await served(
    async ({ url }) => {
      const ids = async (role: TokenRole) => {
        const [, { decision }] = await asked(url, posted(hashToJSON(off(0)), role), '?all=true');
        const all = [...decision.matches, ...(decision.remoteMatches ?? [])];
        return all.map(({ id }) => id);
      };
      const hidden = [undefined, 'entry 5', undefined];
      expect(await ids('match')).toEqual(hidden);
      expect((await ids('curate')).every((id) => id !== undefined)).toBe(true);
      const [, { decision }] = await asked(url, posted(hashToJSON(short), 'match'));
      expect(decision.matches.map(({ id }) => id)).toEqual([undefined]);
    },
    { blocklist: named, remote: [elsewhere] },
  );
});

test('variants are searched as JSON.stringify and the program write them', async () => {
  const image = {
    hash: off(200),
    quality: 90,
    resample: 512 as const,
    variants: [
      { name: 'flipX' as const, hash: off(180), quality: 90 },
      { name: 'stored' as const, hash: off(12), quality: 80 },
    ],
  };
  const printed = {
    ...{ ...hashToJSON(image.hash), quality: 90, width: 3, height: 4 },
    variants: image.variants.map(({ hash, ...one }) => ({ ...one, hash: hashToHex(hash) })),
  };
  await served(
    async ({ url }) => {
      const [, reply] = await asked(url, posted(image, 'match'));
      expect(reply.explanation).toBe('match: distance 3, variant stored, at most 31');
      expect(await asked(url, posted(printed, 'match'))).toEqual([200, reply]);
      const low = { ...image, variants: [{ ...image.variants[1], quality: 10 }] };
      const [, review] = await asked(url, posted(low, 'match'));
      expect(review.decision.reason).toBe('low-query-quality');
    },
    { blocklist: list },
  );
});

test.each([
  [{ hash: 'ab'.repeat(8) }, 'expected body.algorithm'],
  [{ hash: 'ab'.repeat(31), algorithm: 'pdq' }, 'expected body.hash to match'],
  [{ hash: 'ab'.repeat(8), algorithm: 'pdq' }, 'expected a hash with the number of digits'],
  [{ hash: 'ab'.repeat(32), algorithm: 'md4' }, 'expected body.algorithm to be pdq or'],
  [{ hash: 'ab'.repeat(32), algorithm: 'md5' }, 'expected a hash with the number of digits'],
  [
    { hash: 'ab'.repeat(32), algorithm: 'pdq', quality: 101 },
    'expected body.quality to be at most',
  ],
  [
    { hash: 'ab'.repeat(32), algorithm: 'pdq', variants: [{ name: '<b>', hash: 'ab'.repeat(32) }] },
    'expected body.variants[0].name to match',
  ],
  [
    {
      ...{ hash: 'ab'.repeat(32), algorithm: 'pdq' },
      variants: Array.from({ length: 601 }, () => ({ name: 'stored', hash: 'ab'.repeat(32) })),
    },
    'expected body.variants to have at most 600 items',
  ],
])('a wrong image is refused without its value: %.40j', async (body, message) => {
  await served(async ({ url }) => {
    const response = await fetch(`${url}/v1/match`, posted(body, 'match'));
    expect(response.status).toBe(400);
    const told = ((await response.json()) as { message: string }).message;
    expect(told.startsWith(message)).toBe(true);
    expect(told).not.toContain('abab');
  });
});

test('pictures get a decision, as the body or in a form', async () => {
  await served(async ({ url }) => {
    for (const type of ['image/jpeg', 'application/octet-stream']) {
      const [status, reply] = await asked(url, picture(LISTED, 'match', type));
      expect([status, reply.decision.verdict]).toEqual([200, 'match']);
      expect(reply.decision.upload).toMatchObject({ format: 'jpeg' });
    }
    const [, none] = await asked(url, picture(OTHER));
    expect(none.decision.verdict).toBe('none');
    const form = as('match', { method: 'POST', body: formOf(LISTED) });
    const [status, reply] = await asked(url, form, '?limit=1&distance=31');
    expect([status, reply.decision.verdict]).toEqual([200, 'match']);
    for (const files of [formOf(), formOf(LISTED, OTHER)]) {
      const response = await fetch(`${url}/v1/match`, as('match', { method: 'POST', body: files }));
      expect(response.status).toBe(400);
    }
    const text = await fetch(`${url}/v1/match`, picture(LISTED, 'match', 'text/plain'));
    expect(text.status).toBe(415);
  });
});

test('an unchecked picture is distinguished, by the status too', async () => {
  await served(
    async ({ url }) => {
      for (const [bytes, status, reason] of [
        [NO_PICTURE, 415, 'not-a-picture'],
        [HALF, 422, 'corrupt'],
        [Buffer.alloc(0), 400, 'empty'],
        [Buffer.concat([HALF, Buffer.alloc(200_000)]), 413, 'too-many-bytes'],
        [Buffer.alloc(200_000), 415, 'not-a-picture'],
      ] as const) {
        const [given, reply] = await asked(url, picture(bytes));
        expect([given, reply.answered, reply.decision.reason]).toEqual([status, false, reason]);
        expect(reply.decision.verdict).toBe('unhashable');
      }
      const form = as('match', { method: 'POST', body: formOf(Buffer.alloc(200_000)) });
      expect((await asked(url, form))[0]).toBe(413);
      for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
        const [status, reply] = await asked(
          url,
          picture(Buffer.from('--x\r\nhalf'), 'match', type),
        );
        expect([status, reply.decision.reason]).toEqual([400, 'unreadable']);
      }
      const many = Buffer.from('--x\r\n'.repeat(1002));
      const type = 'multipart/form-data; boundary=x';
      expect((await asked(url, picture(many, 'match', type)))[0]).toBe(400);
    },
    { maxBytes: 150_000 },
  );
});

test.each(['busy', 'timeout'] as const)('%s is 503, with when to try again', async (code) => {
  const full = poolWith({ check: async () => unhashable(new DecodeError(code, 'too many')) });
  await served(
    async ({ url, logs }) => {
      const response = await fetch(`${url}/v1/match`, picture(OTHER));
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await response.json()).toMatchObject({ answered: false });
      expect(logs.at(-1)?.facts).toMatchObject({ verdict: 'unhashable', reason: code });
      const text = await (await fetch(`${url}/metrics`, as('match'))).text();
      expect(text).toContain(`onlyhashes_unanswered_total{reason="${code}"} 1`);
    },
    { pool: full },
  );
});

test('a remote list that does not answer leaves the question open', async () => {
  const silent = { name: 'there', ask: () => Promise.reject(new Error('away')) };
  const remote = [createRemoteList(silent, { sendsHashes: true })];
  await served(
    async ({ url }) => {
      const [status, reply] = await asked(url, posted(hashToJSON(off(200)), 'match'));
      expect([status, reply.answered, reply.decision.verdict]).toEqual([200, false, 'review']);
      expect(reply.decision.unanswered).toEqual(['there']);
    },
    { blocklist: list, remote },
  );
});

test('each variant counts as an answer of the quota, and refused requests do not', async () => {
  const [token] = tokens;
  await served(
    async ({ url }) => {
      const image = (...bits: number[]) =>
        posted(
          {
            hash: off(bits[0]!),
            variants: bits.slice(1).map((one) => ({ name: 'stored', hash: off(one) })),
          },
          'match',
        );
      const statusOf = async (init: RequestInit) => (await fetch(`${url}/v1/match`, init)).status;
      expect(await statusOf(image(1, 2, 2))).toBe(200);
      expect(await statusOf(posted({ hash: 'x' }, 'match'))).toBe(400);
      expect(await statusOf(image(3))).toBe(200);
      expect(await statusOf(image(3, 4, 5))).toBe(429);
    },
    { blocklist: list, tokens: [{ ...token!, answersPerDay: 4 }] },
  );
});

test.each(['/v1/match', '/v1/scan', '/m/lookup'])(
  '%s counts each variant of a picture that is searched as an answer',
  async (path) => {
    const [token] = tokens;
    await served(
      async ({ url }) => {
        const ask = async () => {
          const form = path === '/m/lookup';
          const body = form ? pictureForm('photo', OTHER) : (OTHER as Uint8Array<ArrayBuffer>);
          const type = form ? undefined : { 'content-type': 'image/jpeg' };
          const init = as('match', { method: 'POST', body, ...(type && { headers: type }) });
          return (await fetch(url + path, init)).status;
        };
        // It has some 70: the second begins with what is left.
        expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
      },
      {
        ...{ blocklist, pool, scan: { onError: 'refuse' }, hma: {} },
        tokens: [{ ...token!, answersPerDay: 80 }],
      },
    );
  },
);

test('600 hashes cost 24 tokens of the rate', async () => {
  const [token] = tokens;
  await served(
    async ({ url }) => {
      const variants = Array.from({ length: 599 }, (_, i) => {
        const hash = newHash('pdq', new Uint8Array(32).fill(i).fill(i >> 8, 16));
        return { name: 'stored', hash };
      });
      const init = posted({ hash: off(200), variants }, 'match');
      expect((await fetch(`${url}/v1/match`, init)).status).toBe(200);
      const next = await fetch(`${url}/v1/match`, init);
      expect(next.status).toBe(429);
      expect(Number(next.headers.get('retry-after'))).toBeGreaterThan(10);
    },
    { blocklist: list, tokens: [{ ...token!, requestsPerSecond: 1 }] },
  );
});

test('status gives sizes to all, and lists to curators', async () => {
  await served(
    async ({ url }) => {
      const told = async (role: TokenRole) =>
        (await (await fetch(`${url}/v1/status`, as(role))).json()) as object;
      const state = { status: 'ready', entries: 5, generation: list.generation, revision: 7 };
      expect(await told('match')).toEqual({ ...state, pool: expect.any(Object) });
      expect(await told('curate')).toMatchObject({ ...state, lists: [{ name: '', size: 5 }] });
    },
    { follower: { blocklist: list, revision: 7 } },
  );
});

test('status does not give the fetch state of a list', async () => {
  const blocklist = createBlocklist([]);
  const fetched = { provenance: 'there', unknown: [], generation: 0 };
  const change = { settings: { a: { fetched } } };
  await blocklist.apply(change);
  expect(blocklist.lists()).toMatchObject([{ name: 'a', fetched: { provenance: 'there' } }]);
  await served(
    async ({ url }) => {
      const told = await (await fetch(`${url}/v1/status`, as('curate'))).text();
      expect(JSON.parse(told)).toMatchObject({ lists: [{ name: 'a', size: 0 }] });
      expect(told).not.toContain('there');
    },
    { blocklist },
  );
});

test('the scan handler is a route, and so is the webhook of decisions', async () => {
  const taken: object[] = [];
  const log = {
    timeOf: async () => undefined,
    async append(record: object) {
      taken.push(record);
      return record as ReviewRecord;
    },
  };
  const facts = (await hashFile(LISTED)).hash;
  const webhook = {
    log,
    outcomes: { ban: 'confirmed' },
    factsOf: () => reviewFactsOf(match({ hash: facts, variants: [] }, blocklist)),
    tokenHashes: [tokens[0]!.hash],
  } as const;
  await served(
    async ({ url, logs }) => {
      for (const [bytes, status, verdict] of [
        [LISTED, 451, 'match'],
        [OTHER, 200, 'none'],
        [NO_PICTURE, 200, 'unhashable'],
        [HALF, 422, 'unhashable'],
      ] as const) {
        const response = await fetch(`${url}/v1/scan`, picture(bytes));
        expect([response.status, await response.json()]).toEqual([status, { verdict }]);
        expect(logs.at(-1)).toMatchObject({ route: '/v1/scan', status, facts: { verdict } });
      }
      expect((await fetch(`${url}/v1/scan`, { method: 'POST' })).status).toBe(401);
      const decision = { item: { id: 'a' }, action: { id: 'ban' } };
      const response = await fetch(`${url}/v1/decisions`, posted(decision, 'match'));
      expect([response.status, await response.json()]).toEqual([200, { recorded: 1 }]);
      expect(taken).toHaveLength(1);
      expect((await fetch(`${url}/v1/decisions`, posted(decision, 'admin'))).status).toBe(401);
    },
    { scan: { onError: 'refuse' }, webhook },
  );
});

test('a file that is no picture may be longer than a picture, and a picture may not', async () => {
  await served(
    async ({ url }) => {
      const statusOf = async (bytes: Uint8Array) =>
        (await fetch(`${url}/v1/scan`, picture(bytes))).status;
      expect(await statusOf(Buffer.alloc(20_000, 'text '))).toBe(200);
      expect(await statusOf(LISTED)).toBe(413);
    },
    { scan: { onError: 'accept' }, maxBytes: 10_000 },
  );
});
