import { checkInteger, checkIterable, checkObject, checkOptions } from '../door.js';
import { checkSchema } from './migrations.js';
import { PARTITIONS } from './schema.js';

/** Where a shard is, as the coordinator's server reaches it. */
export interface Shard {
  readonly host: string;
  /** default 5432 */
  readonly port?: number;
  readonly database: string;
  /** the role that reads and writes there */
  readonly user: string;
}

/** What a shard script is written for. */
export interface ShardScriptOptions {
  /** the same on all servers; default `onlyhashes` */
  schema?: string;
}

/** The names of the servers begin with it: PostgreSQL cuts names of more than 63 letters. */
const MOST_SCHEMA = 63 - '_shard_0'.length;

/**
 * The SQL that spreads an empty store over several PostgreSQL servers, by `postgres_fdw`. The store
 * becomes the coordinator: it keeps lists, withdrawals and revisions, and each entry is on the
 * shard that the hash of its hash says. Searches look up the bands on all shards at the same time,
 * and find all that one server would.
 *
 * 1. Open a store with `{ bands: true }` on each shard, once. Nothing else may write there.
 * 2. Open an empty store on the coordinator, and close it.
 * 3. Run the script there, as a role that may create the extension, for instance by `psql -f`. It
 *    is done entirely or not at all.
 * 4. Give each mapping its password, unless the shard trusts the coordinator: `alter user mapping
 *    for current_user server onlyhashes_shard_0 options (add password '…')`.
 *
 * A change is committed on the shards right before it is on the coordinator. If a server fails in
 * that moment, a part of it may be in force: who got no answer repeats it.
 * @param shards 1…8, whose order stays
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function shardScript(shards: Iterable<Shard>, options: ShardScriptOptions = {}): string {
  checkIterable(shards, 'shards: a list of { host, database, user }');
  checkOptions(options);
  const { schema = 'onlyhashes' } = options;
  checkSchema(schema);
  if (schema.length > MOST_SCHEMA) {
    throw new RangeError(`expected schema to have up to ${MOST_SCHEMA} letters`);
  }
  const all = [...shards];
  checkInteger('the number of shards', all.length, 1, PARTITIONS.length);
  all.forEach(checkShard);
  const server = (at: number) => `${schema}_shard_${at % all.length}`;
  const tableOn = (at: number, table: string) =>
    `server ${server(at)} options (schema_name '${schema}', table_name '${table}')`;
  return `begin;
set local search_path to "${schema}";
create extension if not exists postgres_fdw;
do $$ begin
  if exists (select from entry) then raise exception 'expected an empty store'; end if;
end $$;
${all.map((shard, at) => serverOf(shard, server(at))).join('\n')}
-- Each partition has its own: a hash is on one shard alone.
alter table entry drop constraint entry_pkey;
-- Each shard keeps the bands of its entries.
drop trigger add_bands on entry;
drop trigger remove_bands on entry;
${PARTITIONS.map(
  (partition, at) => `drop table ${partition};
create foreign table ${partition} partition of entry
  for values with (modulus ${PARTITIONS.length}, remainder ${at}) ${tableOn(at, partition)};`,
).join('\n')}
truncate band;
${all
  .map((_, at) => `create foreign table band_${at} () inherits (band) ${tableOn(at, 'band')};`)
  .join('\n')}
update state set bands = true;
commit;
`;
}

function serverOf({ host, port = 5432, database, user }: Shard, name: string): string {
  return `create server ${name} foreign data wrapper postgres_fdw options (
  host ${quoted(host)}, port '${port}', dbname ${quoted(database)},
  async_capable 'true', fetch_size '10000'
);
create user mapping for current_user server ${name} options (user ${quoted(user)});`;
}

function checkShard(shard: Shard): void {
  checkObject(shard, 'a shard: { host, database, user }');
  const { host, port = 5432, database, user } = shard;
  if (![host, database, user].every((text) => typeof text === 'string')) {
    throw new TypeError('expected host, database and user of a shard to be strings');
  }
  if ([host, database, user].some((text) => text === '' || text.includes('\0'))) {
    throw new RangeError('expected host, database and user of a shard not to be empty');
  }
  checkInteger('port', port, 1, 65_535);
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
