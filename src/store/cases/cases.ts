/*
 * Cases that people send, from receipt to list and back. A case is a bundle under a number that
 * follows from the person's code. It waits until the desk confirms it; then its hashes are entries
 * of one list, whose `id` is the case number. Each step is one transaction with the list's change.
 */

import { createHash } from 'node:crypto';
import type { Bundle } from '../../bundle/bundle-shape.js';
import {
  checkedOptions,
  checkInteger,
  checkOneOf,
  integer,
  NOW,
  type OptionCheck,
  type OptionTable,
  wrongKind,
  wrongRange,
} from '../../door.js';
import { bytesOf } from '../../hash.js';
import { checkListName } from '../lists/lists.js';
import { checkedWithdrawal, withdrawEntries } from '../lists/withdrawals.js';
import type { Sealer } from '../sealer.js';
import type { Database, Sql } from '../sql/database.js';
import { StoreError } from '../sql/store-error.js';
import { checkStorable } from '../stored-entry.js';
import { write } from '../write.js';
import { CaseFeed } from './feed.js';
import {
  type CaseOutcome,
  type CaseReceipt,
  type CaseState,
  type Confirmation,
  contentsOf,
  FILED,
  type FiledCase,
  receiptOf,
  SPOKEN_BY,
  type SpokenBy,
} from './filed-case.js';
import { listBundle } from './list-bundle.js';
import { reportsOf } from './reports.js';

/** Options of `Store.cases`. */
export interface CasesOptions {
  /** the list of confirmed cases */
  list: string;
  /** days after which a case that was not confirmed is dropped */
  caseDays: number;
  /**
   * people of the desk who must confirm a case: 1 or 2
   * @defaultValue 1
   */
  confirmations?: number;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: () => number;
}

const listName: OptionCheck = (_, value) => checkListName(value as string);

export const CASES_OPTIONS = {
  list: { is: listName, required: true },
  caseDays: { is: integer, least: 1, most: 3650, required: true },
  confirmations: { is: integer, least: 1, most: 2, default: 1 },
  now: NOW,
} as const satisfies OptionTable<CasesOptions>;

/** Result of a change by the desk; only `done` and `waits` changed anything. */
export type CaseChange =
  | 'done'
  /** confirmed, and waits for another person's confirmation */
  | 'waits'
  /** this person has confirmed it already; another one must */
  | 'same-person'
  /** it was changed meanwhile, or is over: look again */
  | 'changed-before';

/** A change by the desk: the case, and the number of its changes that were seen. */
export interface DeskChange {
  readonly number: number;
  readonly times: number;
}

const DAY = 86_400_000;
/** Characters of a reason. */
export const MOST_REASON = 500;
/** Characters of notes. */
export const MOST_NOTES = 4000;
const OPEN: readonly CaseOutcome[] = ['received', 'looked-at'];
const SOURCE = 'bundle';
/** Columns of a case that is over: a tombstone. */
const OVER = `bundle = null, notes = null, confirmed = '[]'`;

/** The cases of a store. Made by `Store.cases`. */
export class Cases {
  readonly #database: Database;
  readonly #sealer: Sealer;
  readonly #options: Required<CasesOptions>;

  /** Use `Store.cases`. */
  constructor(database: Database, sealer: Sealer, options: CasesOptions) {
    this.#options = checkedOptions(options, CASES_OPTIONS);
    this.#database = database;
    this.#sealer = sealer;
  }

  /** the list of confirmed cases */
  get list(): string {
    return this.#options.list;
  }

  /** people of the desk who must confirm a case */
  get confirmations(): number {
    return this.#options.confirmations;
  }

  /** Days until a case of this day is dropped; 0: after today. */
  daysLeft(day: string): number {
    const age = Math.round((Date.parse(this.#today()) - Date.parse(day)) / DAY);
    return Math.max(0, this.#options.caseDays - age);
  }

  /** True if notes can be kept: the store was given a key. */
  get hasNotes(): boolean {
    return this.#sealer.hasKey;
  }

  /**
   * Takes a bundle as a case. The same one again is the same case, and an altered one is refused
   * whatever became of it. A case that was taken back stays so, whatever is sent under its number.
   * @param bundle as `readBundle` returned it
   * @returns undefined if the case has other contents
   */
  async file(bundle: Bundle): Promise<CaseReceipt | undefined> {
    const { case: id, state, hashes, unknown = [], digests = [] } = bundle;
    const contents = contentsOf(bundle);
    const counts = { hashes: hashes.length + unknown.length, digests: digests.length };
    const key = [bytesOf(id), sha256(bytesOf(state))];
    const values = [this.#today(), counts.hashes, counts.digests];
    const rows = await this.#database.query<FiledCase>(
      `with gone as (
        select exists (
          select from filed_case where case_number = $1 and outcome = 'withdrawn'
        ) as is_gone
      )
      insert into filed_case (case_number, state, contents, day, hashes, digests, outcome, bundle)
      select $1, $2, $3, $4, $5::int, $6::int,
        case when is_gone then 'withdrawn' else 'received' end,
        case when is_gone then null else $7::text::json end
      from gone
      on conflict (case_number, state) do update set day = excluded.day,
        outcome = excluded.outcome, bundle = excluded.bundle, times = filed_case.times + 1
      where filed_case.outcome = 'dropped' and filed_case.contents = excluded.contents
      returning ${FILED}`,
      [...key, contents, ...values, JSON.stringify({ ...bundle, padding: '' })],
    );
    if (rows[0]) return receiptOf(rows[0]);
    const [known] = await this.#database.query<FiledCase>(
      `select ${FILED} from filed_case where case_number = $1 and state = $2 and contents = $3`,
      [...key, contents],
    );
    return known && receiptOf(known);
  }

  /**
   * The state of a case, for its person.
   * @param id of the case, 32 hex digits
   * @param proof as `createStateProof` made it, 64 hex digits
   * @returns undefined for an unknown case as for a wrong proof, by the same query
   */
  async stateOf(id: string, proof: string): Promise<CaseState | undefined> {
    const state = sha256(sha256(bytesOf(proof)));
    const [row] = await this.#database.query<FiledCase>(
      `select ${FILED} from filed_case where case_number = $1 and state = $2`,
      [bytesOf(id), state],
    );
    if (!row) return undefined;
    const { outcome, listing, reason } = row;
    return {
      ...{ ...receiptOf(row), state: outcome },
      ...(reason !== null && { reason }),
      ...(listing && { listing, ...(await reportsOf(this.#database, this.list, id, this.#now())) }),
    };
  }

  /**
   * Takes a case back: its entries are removed, and rejected from now on.
   * @param id of the case, proven by `readWithdrawal`
   * @returns false if there is no such case
   */
  async withdraw(id: string): Promise<boolean> {
    const withdrawal = checkedWithdrawal({ id, source: SOURCE });
    const { isKnown } = await write(this.#database, ['withdraw-case', id], {}, async (sql, at) => {
      const rows = await sql.query(
        `update filed_case set ${OVER}, outcome = 'withdrawn', listing = null, reason = null,
          times = times + 1
        where case_number = $1 returning 1`,
        [bytesOf(id)],
      );
      if (rows.length === 0) return { isKnown: false, isChanged: false };
      const { isChanged } = await withdrawEntries(sql, at, withdrawal);
      return { isKnown: true, isChanged };
    });
    return isKnown;
  }

  /**
   * Cases that wait for the desk, the oldest first.
   * @param after only those after this number; default 0
   */
  async waiting(after = 0, limit = 50): Promise<FiledCase[]> {
    checkInteger('after', after, 0);
    checkInteger('limit', limit, 1, 1000);
    return await this.#database.query<FiledCase>(
      `select ${FILED} from filed_case where bundle is not null and number > $1
      order by number limit $2`,
      [after, limit],
    );
  }

  /** Number of cases by outcome. */
  async counts(): Promise<Record<CaseOutcome, number>> {
    const rows = await this.#database.query<{ outcome: CaseOutcome; count: number }>(
      'select outcome, count(*) as count from filed_case group by outcome',
    );
    const none = { received: 0, 'looked-at': 0, listed: 0, refused: 0, withdrawn: 0, dropped: 0 };
    return { ...none, ...Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count])) };
  }

  /** The cases whose numbers begin with these hex digits, at most 20. */
  async find(digits: string): Promise<FiledCase[]> {
    if (!/^[0-9a-f]{8,32}$/i.test(digits)) wrongRange('8 to 32 hex digits of a case number');
    return await this.#database.query<FiledCase>(
      `select ${FILED} from filed_case where case_number between $1 and $2
      order by number limit 20`,
      [bytesOf(digits.padEnd(32, '0')), bytesOf(digits.padEnd(32, 'f'))],
    );
  }

  /**
   * A case with its bundle, if it still waits, and its notes; undefined if there is none. Notes
   * that were written with another key are locked.
   */
  async get(number: number) {
    checkInteger('number', number, 1);
    const [row] = await this.#database.query<
      FiledCase & { bundle: Bundle | null; notes: Uint8Array | null }
    >(`select ${FILED}, bundle, notes from filed_case where number = $1`, [number]);
    if (!row) return undefined;
    const { bundle, notes, ...filed } = row;
    return {
      ...filed,
      ...(bundle && { bundle }),
      ...(notes && this.#opened(number, notes)),
    };
  }

  #opened(number: number, sealed: Uint8Array): { notes?: string; hasLockedNotes?: true } {
    if (!this.hasNotes) return { hasLockedNotes: true };
    try {
      return { notes: this.#sealer.open(nameOf(number), sealed) };
    } catch (error) {
      if (error instanceof StoreError && error.code === 'wrong-key')
        return { hasLockedNotes: true };
      throw error;
    }
  }

  /**
   * Confirms a case for somebody of the desk, who has spoken with the person. With the last
   * confirmation that it needs, its hashes are listed.
   * @param who names that somebody; only a digest is kept, until the case is over
   */
  async confirm(change: DeskChange, by: SpokenBy, who: string): Promise<CaseChange> {
    checkOneOf('by', by, SPOKEN_BY);
    const digest = createHash('sha256').update(`${change.number}\n${who}`).digest('hex');
    return await this.#change('confirm', change, async (sql, revision, row) => {
      if (row.confirmed.some((one) => one.who === digest)) return { came: 'same-person' };
      const confirmed: Confirmation[] = [...row.confirmed, { by, day: this.#today(), who: digest }];
      const all = JSON.stringify(confirmed);
      if (confirmed.length < this.#options.confirmations) {
        await this.#set(sql, row, `outcome = 'looked-at', confirmed = $2::text::json`, all);
        return { came: 'waits' };
      }
      const listing = await listBundle(sql, revision, row.bundle, this.list);
      const set = `outcome = 'listed', bundle = null, confirmed = $2::text::json,
        listing = $3::text::json`;
      await this.#set(sql, row, set, all, JSON.stringify(listing));
      return { came: 'done', isChanged: listing.listed > 0 };
    });
  }

  /** Notes that the desk is looking into a case. */
  async hold(change: DeskChange): Promise<CaseChange> {
    return await this.#change('hold', change, async (sql, _, row) => {
      await this.#set(sql, row, `outcome = 'looked-at'`);
      return { came: 'done' };
    });
  }

  /** @param reason the person reads it */
  async refuse(change: DeskChange, reason: string): Promise<CaseChange> {
    checkText('reason', reason, MOST_REASON);
    return await this.#change('refuse', change, async (sql, _, row) => {
      await this.#set(sql, row, `${OVER}, outcome = 'refused', reason = $2`, reason);
      return { came: 'done' };
    });
  }

  /** @param notes of the desk about a case that waits; encrypted */
  async note(change: DeskChange, notes: string): Promise<CaseChange> {
    checkText('notes', notes, MOST_NOTES);
    const sealed = this.#sealer.seal(nameOf(change.number), notes);
    return await this.#change('note', change, async (sql, _, row) => {
      await this.#set(sql, row, 'notes = $2', sealed);
      return { came: 'done' };
    });
  }

  /** Drops the cases that were not confirmed within `caseDays`. @returns how many */
  async prune(): Promise<number> {
    const oldest = dayOf(this.#now() - this.#options.caseDays * DAY);
    const rows = await this.#database.query(
      `update filed_case set ${OVER}, outcome = 'dropped', times = times + 1
      where bundle is not null and day < $1 returning 1`,
      [oldest],
    );
    return rows.length;
  }

  /** The list as platforms fetch it, and their reports about it. */
  feed(): CaseFeed {
    return new CaseFeed(this.#database, this.list, () => this.#now());
  }

  /** A change of a case that waits, entirely or not at all. */
  async #change(
    what: string,
    { number, times }: DeskChange,
    run: (
      sql: Sql,
      revision: number,
      row: FiledCase & { readonly bundle: Bundle },
    ) => Promise<{ came: CaseChange; isChanged?: boolean }>,
  ): Promise<CaseChange> {
    checkInteger('number', number, 1);
    checkInteger('times', times, 0);
    const { came } = await write(this.#database, [what, number, times], {}, async (sql, at) => {
      const [row] = await sql.query<FiledCase & { bundle: Bundle | null }>(
        `select ${FILED}, bundle from filed_case where number = $1 for update`,
        [number],
      );
      const isOpen = row?.bundle && row.times === times && OPEN.includes(row.outcome);
      if (!isOpen) return { came: 'changed-before' as const, isChanged: false };
      const made = await run(sql, at, { ...row, bundle: row.bundle! });
      return { came: made.came, isChanged: made.isChanged ?? false };
    });
    return came;
  }

  async #set(sql: Sql, { number }: FiledCase, set: string, ...values: (string | Uint8Array)[]) {
    const text = `update filed_case set ${set}, times = times + 1 where number = $1`;
    await sql.query(text, [number, ...values]);
  }

  #now(): number {
    return this.#options.now();
  }

  #today(): string {
    return dayOf(this.#now());
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

const dayOf = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, 10);

/**
 * The name that a case's notes are sealed under. It is longer than the name of a list can be, under
 * which credentials are sealed.
 */
const nameOf = (number: number) => `case ${`${number}`.padStart(200, '0')}`;

/** @throws {TypeError | RangeError} unless it is a text of at most `most` characters */
function checkText(name: string, value: string, most: number): void {
  if (typeof value !== 'string') wrongKind(`${name} to be a string`);
  if (value.trim() === '' || value.length > most) wrongRange(`${name} of 1 to ${most} characters`);
  checkStorable(value);
}
