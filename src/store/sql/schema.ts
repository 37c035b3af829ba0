/** Partitions of the table of entries, by hash: each has its own indexes, which stay small. */
const PARTITIONS = Array.from({ length: 8 }, (_, at) => `entry_${at}`);

/**
 * Lists, entries, withdrawals and exceptions, each row with the revision that last changed it. A
 * removed row stays, not `listed`, until it is purged, so that followers learn of the removal.
 *
 * - `state` has one row. Every change takes the next revision from it, and holds it until it is
 *   committed: revisions are in the order of commits, and a reader that has seen one has seen all
 *   before it. `purged` is the last revision whose removed rows may be gone.
 * - `change` has the time of each revision.
 * - `entry.key` is the SHA-256 of an entry's identity: list, algorithm, hash, source, id and
 *   variant. `number` is its name for other programs.
 * - `json`, not `jsonb`, holds the text of others: it accepts even U+0000 and half a surrogate.
 * - `entry.paused_until`: not matched until then; `infinity` for good.
 * - `entry.group_hash` is the hash of the picture of which the entry is a part or form.
 * - `withdrawal_group` has the pictures that are withdrawn with one of their parts, each on the
 *   list that names it, while the withdrawal is in force.
 */
export const LISTS = `
create table state (
  one boolean primary key default true check (one),
  store uuid not null default gen_random_uuid(),
  revision bigint not null default 0,
  purged bigint not null default 0,
  bands boolean not null default false
);
insert into state default values;

create table change (
  revision bigint primary key,
  at timestamptz not null default now()
);
create index on change (at);

create table list (
  name text primary key,
  settings json not null default '{}',
  listed boolean not null default true,
  fetched json,
  revision bigint not null
);
create index on list (revision, name);

create sequence entry_number;
create table entry (
  key bytea not null,
  number bigint not null default nextval('entry_number'),
  list text not null,
  algorithm text not null,
  hash bytea not null,
  labels json not null default '[]',
  quality smallint,
  source text,
  id text,
  resample text,
  variant text,
  group_hash bytea,
  parts bytea,
  seconds double precision,
  still boolean,
  case_count bigint,
  opinions json,
  confirmed boolean,
  paused_until timestamptz,
  listed boolean not null default true,
  revision bigint not null,
  primary key (hash, key)
) partition by hash (hash);
${PARTITIONS.map(
  (name, at) =>
    `create table ${name} partition of entry for values with (modulus ${PARTITIONS.length}, remainder ${at});`,
).join('\n')}
create index on entry (number);
create index on entry (revision, number);
create index on entry (list, number) where listed;
create index on entry using hash (id) where id is not null;
create index on entry (paused_until) where paused_until is not null;
create index on entry (group_hash) where group_hash is not null;

create table withdrawal (
  key bytea primary key,
  list text,
  algorithm text,
  hash bytea,
  source text,
  id text,
  reason text,
  listed boolean not null default true,
  at timestamptz not null default now(),
  revision bigint not null
);
create index on withdrawal (revision, key);
create index on withdrawal (hash) where listed;
create index on withdrawal using hash (id) where listed;

create table withdrawal_group (
  key bytea not null references withdrawal on delete cascade,
  algorithm text not null,
  hash bytea not null,
  list text not null,
  primary key (key, hash, list)
);
create index on withdrawal_group (hash);

create table list_exception (
  key bytea primary key,
  algorithm text not null,
  hash bytea not null,
  entry bytea,
  reason text not null,
  listed boolean not null default true,
  at timestamptz not null default now(),
  revision bigint not null
);
create index on list_exception (revision, key);

create table request (
  key text primary key,
  digest bytea not null,
  reply jsonb not null,
  at timestamptz not null default now()
);
create index on request (at);
`;
