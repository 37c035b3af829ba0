import { afterAll } from 'vitest';
import type { Store as StoreClass } from '../../src/store/store.js';
import {
  callback,
  flag,
  list,
  MISTAKES,
  type Mistake,
  member,
  members,
  number,
  optional,
  options,
  or,
  record,
  signal,
  strict,
  text,
  whole,
} from './argument.js';
import type { Methods } from './exam.js';
import {
  erased,
  FACTS,
  factsMembers,
  QUEUED_DECISION,
  retention,
  reviewQuery,
  reviewRecord,
} from './reviews.js';
import { server } from './server.js';
import {
  distanceOf,
  emptyClient,
  entries,
  entry,
  exceptionOf,
  fetchOptions,
  hash,
  hashes,
  listSettings,
  withdrawalOf,
} from './values.js';

const QUEUED = { id: 'a', to: 'service', entry: 'an entry', body: { a: 1 } };
const SENDER = { send: async () => 'done', settle: async () => 'done' };
const senders = record(
  {
    service: members(SENDER, {
      send: member(SENDER.send, 'function'),
      settle: member(SENDER.settle, 'function'),
      idempotent: flag,
    }),
  },
  '{}',
  'hostile',
);

let opened: Promise<StoreClass> | undefined;

/** One store for all, which takes long to open. It is closed at the end alone. */
async function aStore(): Promise<StoreClass> {
  opened ??= server
    .openStore({ dataDir: undefined })
    .then((one) => Object.assign(one, { close: async () => {} }));
  return await opened;
}
afterAll(async () => {
  const one = await opened;
  if (one) await (Object.getPrototypeOf(one) as StoreClass).close.call(one);
});

/** What has no JSON, or throws where it is written. */
const NO_JSON: readonly Mistake[] = ['undefined', 'bigint', 'symbol', 'function'];

const change = options({ idempotencyKey: text });
const date = member(new Date(0));
const following = options({
  allowList: options({ radius: member(2), onAllowed: callback }),
  pollSeconds: member(1, '7.5'),
  onChange: callback,
  onProblem: callback,
  signal,
});

export const STORE_METHODS: Readonly<Record<string, Methods>> = {
  FeedbackQueue: {
    of: async () => (await aStore()).feedbackQueue({ senders: { service: SENDER } as never }),
    doors: {
      add: [
        members(QUEUED, {
          id: text,
          to: member('service'),
          entry: text,
          body: member(
            1,
            ...(Object.keys(MISTAKES) as Mistake[]).filter((name) => !NO_JSON.includes(name)),
          ),
        }),
      ],
      items: [],
      stuck: [],
      send: [options({ signal })],
      retry: [text],
      drop: [text],
      close: [],
    },
  },
  Sessions: {
    of: async () => (await aStore()).sessions(),
    doors: { begin: [member('a'.repeat(64), 'text')], tokenHashOf: [text], end: [text] },
  },
  Store: {
    of: aStore,
    doors: {
      revision: [],
      sessions: [options({ hours: optional(number), now: callback })],
      status: [],
      verify: [],
      search: [hash, distanceOf],
      searchBatch: [hashes, distanceOf],
      entry: [whole],
      find: [
        options({
          list: text,
          hash,
          id: text,
          source: text,
          after: member(1, 'undefined'),
          limit: member(10, 'undefined'),
        }),
      ],
      count: [options({ list: text, algorithm: text, paused: flag })],
      entries: [],
      pause: [whole, optional(member('for-good')), change],
      withdrawals: [],
      lists: [],
      confirm: [text],
      renameList: [
        text,
        member('other', 'text'),
        options({ settings: listSettings, idempotencyKey: text }),
      ],
      settings: [],
      apply: [
        strict({
          withdraw: list(withdrawalOf),
          reinstate: list(withdrawalOf),
          remove: list(whole, 'bytes'),
          replace: optional(record({ list: text, entries })),
          settings: optional(members({ a: {} }, { a: or(listSettings, 'null') }, '{}')),
          allow: list(exceptionOf),
          disallow: list(record({ hash })),
          add: entries,
        }),
        change,
      ],
      exceptions: [],
      follow: [following],
      fetch: [text, member(emptyClient), options({ ...fetchOptions, now: callback })],
      feeds: [optional(member(new Uint8Array(32)))],
      cases: [
        record({
          ...{ list: text, caseDays: member(30) },
          ...{ confirmations: optional(member(2)), now: optional(callback) },
        }),
        optional(member(new Uint8Array(32))),
      ],
      reviewLog: [retention],
      pruneReviews: [retention],
      reviewQueue: [record({ ...retention.members, feedbackOf: callback })],
      feedbackQueue: [
        record({
          senders,
          maxAttempts: optional(whole),
          backoffSeconds: optional(number),
          maxBackoffSeconds: optional(number),
          timeoutSeconds: optional(number),
          now: optional(member(() => 0)),
        }),
      ],
      purge: [date],
      close: [],
    },
  },
  Feeds: {
    of: async () => (await aStore()).feeds(new Uint8Array(32)),
    doors: {
      set: [
        text,
        record({
          api: text,
          settings: options(),
          enabled: flag,
          credentials: optional(record({ a: text }, '{}', '{ mark }')),
        }),
      ],
      get: [text],
      items: [],
      credentials: [text],
      remove: [text],
    },
  },
  ReviewLog: {
    of: async () => (await aStore()).reviewLog({ retentionDays: 30 }),
    doors: {
      append: [reviewRecord],
      timeOf: [text],
      read: [reviewQuery, options({ onProblem: callback })],
      erase: [erased],
      prune: [],
    },
  },
  ReviewQueue: {
    of: async () => (await aStore()).reviewQueue({ retentionDays: 30 }),
    doors: {
      put: [
        record({
          id: text,
          decision: member(QUEUED_DECISION),
          link: optional(member('https://example.org/a')),
          facts: optional(members([FACTS], { 0: members(FACTS, factsMembers) })),
        }),
      ],
      items: [
        options({
          state: optional(member('decided')),
          after: optional(whole),
          limit: optional(whole),
        }),
      ],
      get: [text],
      decide: [
        text,
        record({
          outcome: member('rejected'),
          role: member('moderator'),
          allow: optional(record({ reason: text })),
          insteadOf: member(0, 'undefined'),
        }),
        change,
      ],
      counts: [],
      erase: [erased],
      prune: [],
    },
  },
  Follower: {
    of: async () => await (await aStore()).follow(),
    doors: { reached: [member(0), options({ signal })], numberOf: [entry], wake: [], close: [] },
  },
};
