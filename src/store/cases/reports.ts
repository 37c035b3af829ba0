import { bytesOf } from '../../hash.js';
import type { StopNciiFeedback } from '../../services/stop-ncii/format.js';
import type { Database, Sql } from '../sql/database.js';
import { checkStorable } from '../stored-entry.js';
import { write } from '../write.js';
import type { CaseReports } from './filed-case.js';

/** The word for an upload that was blocked. */
const BLOCKED = 'Blocked';
/** A PDQ hash, or the MD5 of a video. */
const HASH = /^([0-9a-f]{64}|[0-9a-f]{32})$/i;
const DAY = 86_400_000;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY = 4 * DAY;
/** Counts are given in steps of this size. */
const STEP = 5;

/** The day of the last Monday, in UTC. */
export function weekOf(milliseconds: number): string {
  const weeks = Math.floor((milliseconds - FIRST_MONDAY) / (7 * DAY));
  return new Date(FIRST_MONDAY + weeks * 7 * DAY).toISOString().slice(0, 10);
}

/**
 * Keeps what a platform says of hashes on a list, in place of what it said before, and counts its
 * reports of blocked uploads. Hashes of other lists are ignored. Readers of the list get the
 * entries again, with what is said of them.
 * @returns the number of reports kept
 */
export async function putReports(
  database: Database,
  { list, platform, now }: { list: string; platform: string; now: number },
  feedbacks: readonly StopNciiFeedback[],
): Promise<number> {
  const last = new Map<string, StopNciiFeedback>();
  for (const one of feedbacks) {
    checkStorable(platform, one.feedbackValue, ...one.tags);
    if (HASH.test(one.hashValue)) last.set(one.hashValue.toLowerCase(), one);
  }
  const said = [...last.values()];
  const what = ['reports', platform];
  const { kept } = await write(database, what, {}, async (sql, revision) => {
    const rows = await sql.query<{ algorithm: string; hash: Uint8Array; is_new: boolean }>(PUT, [
      list,
      platform,
      weekOf(now),
      said.map(({ hashValue }) => (hashValue.length === 64 ? 'pdq' : 'md5')),
      said.map(({ hashValue }) => bytesOf(hashValue)),
      said.map(({ feedbackValue }) => feedbackValue),
      said.map(({ tags }) => JSON.stringify(tags)),
    ]);
    const fresh = rows.filter(({ is_new: isNew }) => isNew);
    await readAnew(sql, revision, list, fresh);
    return { kept: rows.length, isChanged: fresh.length > 0 };
  });
  return kept;
}

/** Puts reports in place of earlier ones, and returns which of them say something new. */
const PUT = `
with given as (
  select * from unnest($4::text[], $5::bytea[], $6::text[], $7::text[])
    as given (algorithm, hash, says, tags)
  where exists (select from entry where entry.hash = given.hash
    and entry.algorithm = given.algorithm and entry.list = $1)
),
before as (
  select hash, algorithm, report.says, report.tags::text as tags
  from platform_report as report join given using (hash, algorithm)
  where platform = $2
),
put as (
  insert into platform_report as report (platform, algorithm, hash, says, tags, week, lately)
  select $2, algorithm, hash, says, tags::json, $3, (says = '${BLOCKED}')::int from given
  on conflict (hash, algorithm, platform) do update set
    says = excluded.says, tags = excluded.tags, week = greatest(report.week, excluded.week),
    earlier = report.earlier + case when report.week < excluded.week then report.lately else 0 end,
    lately = excluded.lately + case when report.week < excluded.week then 0 else report.lately end
  returning hash, algorithm, says, tags::text as tags
)
select hash, algorithm, (before.says, before.tags) is distinct from (put.says, put.tags) as is_new
from put left join before using (hash, algorithm)`;

/** Rows of removed entries keep their revision, by which a purge erases them. */
async function readAnew(
  sql: Sql,
  revision: number,
  list: string,
  hashes: readonly { readonly algorithm: string; readonly hash: Uint8Array }[],
): Promise<void> {
  if (hashes.length === 0) return;
  await sql.query(
    `update entry set revision = $1 from unnest($3::text[], $4::bytea[]) as said (algorithm, hash)
    where entry.hash = said.hash and entry.algorithm = said.algorithm and entry.list = $2
      and entry.listed`,
    [revision, list, hashes.map(({ algorithm }) => algorithm), hashes.map(({ hash }) => hash)],
  );
}

/**
 * The reports of blocked uploads until the last Monday that concern a case. One upload counts once,
 * however many of its hashes it matched, because the largest count of a hash is given. Fewer than
 * five are not reported. So one upload seldom shows, except to somebody who has the code and
 * uploads copies up to the next step.
 */
export async function reportsOf(
  sql: Sql,
  list: string,
  id: string,
  now: number,
): Promise<{ reports: CaseReports[]; reportsUntil: string }> {
  const week = weekOf(now);
  const rows = await sql.query<{ platform: string; count: number }>(
    `select platform, max(earlier + case when week < $3 then lately else 0 end) as count
    from platform_report as report
    where exists (select from entry where entry.hash = report.hash
      and entry.algorithm = report.algorithm and list = $1 and id = $2)
    group by platform order by platform`,
    [list, id, week],
  );
  const reports = rows
    .map(({ platform, count }) => ({ platform, atLeast: count - (count % STEP) }))
    .filter(({ atLeast }) => atLeast > 0);
  return { reports, reportsUntil: week };
}
