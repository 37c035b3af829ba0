import { afterAll } from 'vitest';
import { writeHmaContent } from '../../src/services/hma/fake.js';
import { writeNcmecEntries } from '../../src/services/ncmec/fake.js';
import type { Fakes } from '../../src/services/start-fake.js';
import { writeStopNciiPage } from '../../src/services/stop-ncii/fake.js';
import {
  type Argument,
  callback,
  flag,
  list,
  member,
  members,
  number,
  optional,
  options,
  record,
  signal,
  strict,
  text,
  whole,
  words,
} from './argument.js';
import { type Doors, entryOf, type Methods } from './exam.js';
import { HEX, hash, hashes } from './values.js';

const services = (await entryOf('services')) as typeof import('../../src/services/index.js');
const testing = (await entryOf('testing')) as typeof import('../../src/services/testing.js');

const CLOCK = { now: () => 0, wait: async () => {} };
const serviceOptions = {
  baseUrl: member('https://example.org'),
  plainHttp: flag,
  fetch: callback,
  timeoutSeconds: member(5, '7.5'),
  tries: whole,
  maxBytes: whole,
  clock: optional(
    members(CLOCK, { now: member(CLOCK.now, 'function'), wait: member(CLOCK.wait, 'function') }),
  ),
};

/** Where the address is one of the options, and must be there. */
const addressed: Record<string, Argument> = {
  ...Object.fromEntries(Object.entries(serviceOptions).map(([key, one]) => [key, optional(one)])),
  baseUrl: serviceOptions.baseUrl,
};
const stopNciiKeys = {
  subscriptionKey: 'a',
  fetchHashesKey: 'b',
  submitFeedbackKey: 'c',
};
const STOP_NCII_RECORD = {
  signalType: 'ImagePDQ',
  hashValue: HEX,
  hashStatus: 'Active',
  lastModtimestamp: 7,
  caseNumbers: [{ id: 'a', status: 'Active' }],
  feedbacks: [{ source: 'a', feedbackValue: 'Blocked', tags: ['a'] }],
};
const feedbacks = list(record({ hashValue: text, feedbackValue: text, tags: words }));
const STOP_NCII_PAGE = writeStopNciiPage({
  records: [STOP_NCII_RECORD],
  nextSetTimestamp: 1,
  hasMoreRecords: false,
});
const login = record({ username: text, password: text });
const credentials = record({ user: text, password: text });
const NCMEC_ENTRY = {
  kind: 'image',
  isDeleted: false,
  memberId: '1',
  memberName: 'a',
  id: 'a',
  timestamp: '2026-01-01T00:00:00Z',
  classification: 'A1',
  fingerprints: [{ type: 'pdq', value: HEX, isLink: false }],
  votes: [{ isAffirmative: false, type: 'Pdq', memberId: '1', reason: 'a', reasonId: 'b' }],
};
const NCMEC_PAGE = writeNcmecEntries([NCMEC_ENTRY]);
const ncmecVote = { says: member('negative'), reasonIds: member(['a'], '[text]') };
const HMA_CONTENT = {
  id: '1',
  bank: { name: 'A', enabledRatio: 1 },
  disableUntil: 1,
  signals: [{ type: 'pdq', value: HEX }],
  exchanges: [{ name: 'a', keys: ['b'] }],
};
const HMA_REPLY = writeHmaContent(HMA_CONTENT);

/** A client whose service answers this text to everything. */
const answering = (body: string) => ({
  fetch: (async () => new Response(body)) as never,
  clock: CLOCK,
});

/** A client whose service answers by what is in the address; anything else is not found. */
const answeringBy = (bodies: Record<string, string>) => ({
  fetch: (async (url: string) => {
    const found = Object.entries(bodies).find(([part]) => url.includes(part));
    return new Response(found?.[1] ?? '{}', { status: found ? 200 : 404 });
  }) as never,
  clock: CLOCK,
});
const NCMEC_REPLIES = {
  '/reasons': '<availableFeedbackReasons/>',
  '/entries': NCMEC_PAGE,
};
const HMA_REPLIES = {
  '/content/1?': HMA_REPLY,
  '/c/bank/A': '{"name":"A","newest_content_id":1}',
  '/m/lookup': '{}',
};
const fetching = (checkpoint: Argument): Argument =>
  options({ onProblem: callback, signal, checkpoint });

export const SERVICES_DOORS: Doors = {
  ServiceError: 'class of errors',
  NcmecClient: [
    credentials,
    options({ ...serviceOptions, environment: member('npo'), maxEntriesPerRange: whole }),
  ],
  ThreatExchangeClient: [
    record({ accessToken: text }),
    member('1'),
    options({ ...serviceOptions, pageSize: whole, types: member(['A'], '[]', '[text]') }),
  ],
  HmaClient: [
    record({
      ...addressed,
      token: optional(text),
      bank: optional(member('A')),
      maxMissing: optional(whole),
    }),
  ],
  OnlyhashesClient: [record({ ...addressed, token: optional(text) })],
  ShieldClient: [credentials, options({ ...serviceOptions, maxHashes: whole })],
  StopNciiClient: [
    members(stopNciiKeys, {
      subscriptionKey: text,
      fetchHashesKey: optional(text),
      submitFeedbackKey: optional(text),
    }),
    options({ ...serviceOptions, pageSize: whole }),
  ],
  TechAgainstTerrorismClient: [login, options(serviceOptions)],
};

export const TESTING_DOORS: Doors = {
  startFake: [member('shield', 'function'), strict({ user: text })],
};

const ncmecCheckpoint = record({ toSeconds: whole });
const hmaCheckpoint = record({ highestId: whole });
const stopNciiCheckpoint = record({ timestampSeconds: whole, fetchedSeconds: whole });
const terrorismCheckpoint = record({ after: member('1,1', 'text'), fetchedSeconds: number });
const fakeService = await testing.startFake(() => ({}));
afterAll(() => fakeService.close());

/** A fake without a row is an error of types. */
const FAKES = Object.keys({
  hma: 1,
  ncmec: 1,
  shield: 1,
  stopncii: 1,
  techagainstterrorism: 1,
  threatexchange: 1,
} satisfies Record<keyof Fakes, 1>) as (keyof Fakes)[];

export const SERVICES_METHODS: Readonly<Record<string, Methods>> = {
  'startFake of': {
    of: () =>
      Object.fromEntries(
        FAKES.map((name) => [name, (given?: object) => testing.startFake(name, given)]),
      ),
    doors: {
      ncmec: [
        strict({
          user: text,
          password: text,
          maxPageSize: whole,
          reorderSeed: whole,
          now: callback,
        }),
      ],
      threatexchange: [
        strict({
          accessToken: text,
          privacyGroup: text,
          maxPageSize: whole,
          reorderSeed: whole,
          startSeconds: whole,
        }),
      ],
      hma: [strict({ token: text, maxDistance: whole, now: callback })],
      shield: [strict({ user: text, password: text, maxDistance: whole })],
      stopncii: [
        strict({
          maxPageSize: whole,
          reorderSeed: whole,
          company: text,
          keys: record({ subscriptionKey: text, functionKey: text }),
          startSeconds: whole,
        }),
      ],
      techagainstterrorism: [
        strict({
          pageSize: whole,
          reorderSeed: whole,
          pageCheckpoints: flag,
          login,
          startSeconds: whole,
        }),
      ],
    },
  },
  NcmecClient: {
    of: () => new services.NcmecClient({ user: 'a', password: 'b' }, answeringBy(NCMEC_REPLIES)),
    doors: {
      mustRestart: [ncmecCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(ncmecCheckpoint)],
      feedbackReasons: [text, options({ signal })],
      sendFeedback: [
        record({ memberId: text, id: text, type: text }),
        members({ says: 'negative', reasonIds: ['a'] }, { ...ncmecVote, signal }),
      ],
    },
  },
  ThreatExchangeClient: {
    of: () =>
      new services.ThreatExchangeClient({ accessToken: 'a' }, '1', answering('{"data":[]}')),
    doors: {
      mustRestart: [stopNciiCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(stopNciiCheckpoint)],
    },
  },
  HmaClient: {
    of: () =>
      new services.HmaClient({
        baseUrl: 'https://example.org',
        bank: 'A',
        maxMissing: 1,
        ...answeringBy(HMA_REPLIES),
      }),
    doors: {
      mustRestart: [hmaCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(hmaCheckpoint)],
      lookup: [hash, options({ signal })],
      ask: [hashes, options({ signal })],
    },
  },
  OnlyhashesClient: {
    of: () =>
      new services.OnlyhashesClient({
        baseUrl: 'https://example.org',
        ...answering('{"answered":true,"decision":{"verdict":"none","matches":[]}}'),
      }),
    doors: { ask: [hashes, options({ signal })] },
  },
  ShieldClient: {
    of: () =>
      new services.ShieldClient({ user: 'a', password: 'b' }, answering('{"scanned_hashes":{}}')),
    doors: { scan: [hashes, options({ signal })], ask: [hashes, options({ signal })] },
  },
  StopNciiClient: {
    of: () => new services.StopNciiClient(stopNciiKeys, answering(STOP_NCII_PAGE)),
    doors: {
      mustRestart: [stopNciiCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(stopNciiCheckpoint)],
      submitFeedback: [feedbacks, options({ signal })],
      findFeedback: [feedbacks, record({ source: text, sinceSeconds: optional(whole), signal })],
    },
  },
  TechAgainstTerrorismClient: {
    of: () =>
      new services.TechAgainstTerrorismClient(
        { username: 'a', password: 'b' },
        answering('{"token":"a","next":null,"results":[]}'),
      ),
    doors: {
      mustRestart: [terrorismCheckpoint, member(1, '7.5')],
      fetchUpdates: [fetching(terrorismCheckpoint)],
    },
  },
  FakeService: {
    of: () => fakeService,
    doors: {
      fail: [
        record({ kind: member('cut') }),
        options({ times: whole, skip: whole, when: callback }),
      ],
      heal: [],
      close: [],
    },
  },
};
