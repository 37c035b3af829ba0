import {
  type Argument,
  flag,
  list,
  member,
  members,
  number,
  optional,
  record,
  text,
  whole,
  words,
} from './argument.js';
import { HEX } from './values.js';

const RECORD = {
  id: 'a',
  time: '2026-11-26T10:00:00.000Z',
  hash: { algorithm: 'pdq', hash: HEX },
  entry: { algorithm: 'pdq', hash: HEX, id: '7', source: 'here' },
  distance: 12,
  variant: 'original',
  list: 'a list',
  generation: 7,
  policy: { matchDistance: 31, reviewDistance: 60, minQuality: 50 },
  verdict: 'match',
  reason: 'within-match-distance',
  outcome: 'confirmed',
  role: 'moderator',
};
export const thresholds = record({
  matchDistance: whole,
  reviewDistance: whole,
  minQuality: number,
});

/** Of a record: `undefined` is refused where another member needs it. */
const recordMembers = {
  id: optional(text),
  hash: optional(members(RECORD.hash, { algorithm: member('pdq'), hash: member(HEX, 'text') })),
  entry: members(RECORD.entry, {
    algorithm: member('pdq'),
    hash: member(HEX, 'text'),
    id: optional(text),
    source: optional(text),
  }),
  distance: whole,
  variant: optional(text),
  list: optional(text),
  generation: optional(whole),
  policy: thresholds,
  verdict: member('review'),
  // A word, which `text` is too: it is told apart from an address, not from a name.
  reason: member('word'),
  outcome: member('rejected'),
  role: member('moderator'),
};
export const reviewRecord = members(RECORD, recordMembers);
export const records = list(reviewRecord);
export const reviewQuery = members(
  { id: 'a' },
  {
    id: optional(text),
    list: optional(text),
    from: optional(member('2026-11-26')),
    before: optional(member('2026-11-26')),
    entry: optional(record({ id: text, source: optional(text) })),
  },
  'undefined',
  '{}',
);
export const erased = { ...reviewQuery, fits: [] };

/** Of facts, which have nothing that a log or a reviewer adds. */
const OF_REVIEWS = ['id', 'time', 'outcome', 'role'];
const factual = <T>(object: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !OF_REVIEWS.includes(name)));
export const FACTS = factual<unknown>(RECORD);
export const factsMembers = factual<Argument>(recordMembers);
export const QUEUED_DECISION = {
  verdict: 'none',
  reason: 'nothing-near',
  matches: [],
  policy: RECORD.policy,
};
export const retention = record({
  retentionDays: whole,
  withoutMatchData: optional(words),
  keepShieldData: flag,
  now: optional(member(() => 0)),
});
