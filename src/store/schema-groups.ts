/**
 * Pictures and their parts.
 *
 * - `entry.group_hash` is the hash of the picture of which the entry is a part or form.
 * - `withdrawal_group` has the pictures that are withdrawn with one of their parts, each on the
 *   list that says so, while the withdrawal is in force.
 * - `searched` is made anew, since a view keeps the columns that its table had.
 */
export const GROUPS = `
alter table entry add column group_hash bytea;
create index on entry (group_hash) where group_hash is not null;

create table withdrawal_group (
  key bytea not null references withdrawal on delete cascade,
  algorithm text not null,
  hash bytea not null,
  list text not null,
  primary key (key, hash, list)
);
create index on withdrawal_group (hash);

drop view searched;
create view searched as
select entry.*, bits_of(hash) as bits from entry
where listed and (paused_until is null or paused_until <= now())
  and list not in (select name from list where listed and settings ->> 'enabled' = 'false');
`;
