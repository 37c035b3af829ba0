import type { Perceptual } from '../../hash.js';

/**
 * Algorithms of pictures in a fixed order, on which tokens depend. For each, hashes of 64 bits come
 * before those of 256. Digests have no bands, as they are looked up whole.
 */
const KINDS = ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'] as const;

/** Common part of all tokens of an algorithm and a width: the bits from 20 on. */
export const kindOf = (algorithm: Perceptual, bits: number): number =>
  2 * KINDS.indexOf(algorithm) + (bits === 256 ? 1 : 0);

/** True of an entry that has bands. */
export const IS_BANDED = `algorithm in (${KINDS.map((kind) => `'${kind}'`).join(', ')})`;

/**
 * Bands, by which entries are found near a hash.
 *
 * - `band` has a row for each 16 bits of a hash, if the store keeps bands. The token is
 *   `kind << 20 | band << 16 | value`, so hashes of other kinds never match. Each row has the hash
 *   itself, as looking it up would take longer; one of 64 bits is padded with zeros.
 * - The triggers keep bands and entries equal, whatever writes.
 * - PostgreSQL inlines `token_of` into the statement that calls it, which it does not do with a
 *   strict function of this kind; `offset 0` makes it call `bits_of` once for each hash.
 * - Rows of unlisted entries have bands too, until they are purged: so a withdrawal costs nothing
 *   here. `searched` has the entries that may be found.
 */
export const BANDS = `
create table band (
  number bigint not null,
  token int not null,
  bits bit(256) not null
);
create index band_token on band (token);

create function bits_of(hash bytea) returns bit(256) language sql immutable strict
return ('x' || encode(hash, 'hex'))::bit(256);

create function token_of(algorithm text, hash bytea, band int) returns int
language sql immutable
return ((2 * case algorithm ${KINDS.map((kind, at) => `when '${kind}' then ${at}`).join(' ')} end
    + octet_length(hash) / 32) << 20)
  | (band << 16) | (get_byte(hash, 2 * band) << 8) | get_byte(hash, 2 * band + 1);

create function add_bands() returns trigger
language plpgsql set search_path from current as $$
begin
  if (select bands from state) then
    insert into band (number, token, bits)
    select number, token_of(algorithm, hash, at), bits
    from (
      select number, algorithm, hash, bits_of(hash) as bits from added where ${IS_BANDED} offset 0
    ) as each
      cross join generate_series(0, octet_length(hash) / 2 - 1) as at
    order by 2;
  end if;
  return null;
end $$;

create function remove_bands() returns trigger language plpgsql set search_path from current as $$
begin
  if (select bands from state) then
    delete from band using (
      select number, token_of(algorithm, hash, at) as token
      from removed cross join generate_series(0, octet_length(hash) / 2 - 1) as at
      where ${IS_BANDED}
    ) as gone
    where band.token = gone.token and band.number = gone.number;
  end if;
  return null;
end $$;

create trigger add_bands after insert on entry
  referencing new table as added for each statement execute function add_bands();
create trigger remove_bands after delete on entry
  referencing old table as removed for each statement execute function remove_bands();

create view searched as
select entry.*, bits_of(hash) as bits from entry
where listed and (paused_until is null or paused_until <= now())
  and list not in (select name from list where listed and settings ->> 'enabled' = 'false');
`;
