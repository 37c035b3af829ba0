/**
 * Decisions of people, items that wait for them, and feeds from services. Followers need none
 * of it, so its rows have no revision.
 *
 * - `review_record` is the review log. `at` is the record's time; `number` gives the order, without
 *   gaps. `review_erased` has the runs of numbers that were erased, from `first` to `number`, and
 *   `review_chain` the last number: see review-chain.ts.
 * - `review_item` waits for a moderator, or was decided until its time is over. Its `number` is
 *   never used again, and begins the ids of its records. `times` is the number of its decisions: a
 *   new decision names the one that it replaces. `allowed` is the reason, if the last one allowed
 *   the hashes that matched.
 * - `feedback` is in the order of `number`. An ended item stays for a week, without its body. The
 *   index is on a hash of the entry's name: with the recipient's, both of 500 characters, the name
 *   itself may exceed the longest row of another index (2,704 bytes).
 * - `feed.credentials` are encrypted; the key is not in the database.
 * - `lease.epoch` goes up with each holder: later writes of an earlier one are rejected.
 * - `session` has the sessions of the page for moderators. `key` is the hash of the browser's
 *   secret, and `token` that of the token that was shown: the database reveals neither.
 * - `json`, not `jsonb`: it accepts any text, even U+0000.
 */
export const RECORDS = `
create table review_record (
  number bigint primary key check (number > 0),
  before bytea not null,
  digest bytea not null,
  salt bytea not null,
  id text not null unique,
  at timestamptz not null,
  list text,
  entry_algorithm text,
  entry_hash bytea,
  entry_id text,
  entry_source text,
  record json not null
);
create index on review_record (at);
create index on review_record (entry_hash) where entry_hash is not null;
create index on review_record using hash (entry_id) where entry_id is not null;

create table review_erased (
  number bigint primary key,
  first bigint not null check (first > 0 and first <= number),
  before bytea not null,
  digest bytea not null
);

create table review_chain (
  one boolean primary key default true check (one),
  number bigint not null default 0,
  digest bytea not null default decode(repeat('00', 32), 'hex')
);
insert into review_chain default values;

create table review_item (
  number bigint generated always as identity primary key,
  id text not null unique,
  at timestamptz not null,
  link text,
  decision json not null,
  facts json not null,
  outcome text,
  role text,
  decided_at timestamptz,
  times int not null default 0,
  allowed text
);
create index on review_item (number) where outcome is null;
create index on review_item (at);

create table feedback (
  number bigint generated always as identity primary key,
  id text not null unique,
  recipient text not null,
  entry text not null,
  body json,
  state text not null,
  attempts int not null default 0,
  due double precision not null
);
create index on feedback using hash (entry) where state <> 'ended';
create index on feedback (due) where state = 'ended';

create table feed (
  name text primary key,
  api text not null,
  settings json not null,
  enabled boolean not null,
  credentials bytea
);

create table lease (
  name text primary key,
  epoch bigint not null
);

create table session (
  key bytea primary key,
  token bytea not null,
  until timestamptz not null
);
create index on session (until);
`;
