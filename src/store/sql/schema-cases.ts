/**
 * Cases: bundles that people sent, and their outcomes. Followers need none of it, so its rows have
 * no revision.
 *
 * - `filed_case.number` is its name on the pages of the desk. `case_number` is the person's, and
 *   `state` the digest of that of their file: a file with another one under somebody's number is a
 *   case of its own, which they do not see.
 * - `bundle` is there until the case is listed or over. A tombstone has none, and no notes.
 * - `contents` is a digest by which an altered file is refused whatever became of the case. It is
 *   over the `state` of the file too, so a thief cannot test pictures against it.
 * - `day`, without a time, hides the hour at which somebody sent a case.
 * - `notes` are encrypted; the key is not in the database.
 * - `platform_report` has what a platform says of a hash. `earlier` and `lately` count its reports
 *   of blocked uploads, before the week of `week`, its Monday, and in it.
 */
export const CASES = `
create table filed_case (
  number bigint generated always as identity primary key,
  case_number bytea not null,
  state bytea not null,
  contents bytea not null,
  day text not null,
  hashes int not null,
  digests int not null,
  outcome text not null,
  bundle json,
  confirmed json not null default '[]',
  listing json,
  reason text,
  notes bytea,
  times int not null default 0,
  unique (case_number, state)
);
create index on filed_case (number) where bundle is not null;

create table platform_report (
  platform text not null,
  algorithm text not null,
  hash bytea not null,
  says text not null,
  tags json not null,
  week text not null,
  earlier bigint not null default 0,
  lately bigint not null default 0,
  primary key (hash, algorithm, platform)
);
`;
