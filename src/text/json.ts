/*
 * Replies of services are read by our own code. A schema library validates a whole reply; here each
 * member is read by itself, and a bad one is omitted from its record. Checking by TypeBox first
 * doubled the CPU time of a page of ThreatExchange, and its 22 kB are as much as this whole entry.
 */

import { callback, type OptionTable } from '../door.js';
import { FormatError } from '../errors.js';
import type { UnknownWord } from '../policy.js';

/** Options of everything that reads the replies of services. */
export interface ReadUpdatesOptions {
  /**
   * called with each malformed record, in order; the others are read. Without it, the first one is
   * thrown
   */
  onProblem?: (error: FormatError) => void;
}

export const READ_UPDATES_OPTIONS = {
  onProblem: { is: callback },
} as const satisfies OptionTable<ReadUpdatesOptions>;

/** Most characters of one reply: a page of 800 records takes about 400,000. */
export const MAX_REPLY_LENGTH = 64 * 2 ** 20;

/** A JSON object, not yet checked. Its members are its own: read them by `own`. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member `name` of `object`; `undefined` if it is absent, null or inherited. */
export function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}

/** The value of a JSON text; undefined if it is malformed, as the engine's message may quote it. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws {FormatError} `bad-reply` unless `text` is a JSON object; it quotes nothing */
export function jsonObject(text: string): JsonObject {
  const value = parsedJson(text);
  if (!isObject(value)) throw new FormatError('bad-reply', 'expected a JSON object');
  return value;
}

/** The member `name` as text; a safe integer is written out. `undefined` if it is neither. */
export function textOf(object: JsonObject, name: string): string | undefined {
  const value = own(object, name);
  if (Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' ? value : undefined;
}

/** The member `name` as an integer from 0, also if it is written as text. */
export function wholeNumberOf(object: JsonObject, name: string): number | undefined {
  let value = own(object, name);
  if (typeof value === 'string' && /^\d{1,16}$/.test(value)) value = Number(value);
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** Collects the words of a reply that this version does not know. */
export class UnknownWords {
  readonly #found = new Map<string, { field: string; word?: string; count: number }>();

  /**
   * Notes the members of `object` that are not `known`.
   * @returns them unchanged; `undefined` if there are none
   */
  members(object: JsonObject, known: readonly string[], path = ''): JsonObject | undefined {
    const further = Object.keys(object).filter((name) => !known.includes(name));
    for (const name of further) this.#note(`${path}${name}`);
    if (further.length === 0) return undefined;
    // `fromEntries` defines members and cannot set a prototype, whatever they are called.
    return Object.fromEntries(further.map((name) => [name, object[name]]));
  }

  /** Notes the value of a member with a fixed set, unless it is `known`. */
  word(field: string, word: string, known: readonly string[]): void {
    if (!known.includes(word)) this.#note(field, word);
  }

  list(): UnknownWord[] {
    return [...this.#found.values()];
  }

  #note(field: string, word?: string): void {
    // The length prefix keeps a pair of field and word from being confused with another.
    const key = `${field.length} ${field} ${word === undefined ? '' : `=${word}`}`;
    const found = this.#found.get(key);
    if (found) found.count++;
    else this.#found.set(key, word === undefined ? { field, count: 1 } : { field, word, count: 1 });
  }
}

/** Reports the problem of a record, counted from 1: to `onProblem`, or by throwing it. */
export type ReportProblem = (code: FormatError['code'], message: string) => void;

/** Reports that a member could not be read. */
export function leftOut(what: string, report: ReportProblem): void {
  report('bad-record', `expected ${what} as documented: ignored, the record is kept`);
}

/** Reports the problems of a reply that was read whole; without a listener, throws the first. */
export function reportProblems(
  problems: readonly FormatError[],
  { onProblem }: ReadUpdatesOptions,
): void {
  for (const problem of problems) {
    if (!onProblem) throw problem;
    onProblem(problem);
  }
}

/** The records of a list, each read by `from`, which returns undefined for an excluded one. */
export function recordsIn<T>(
  list: readonly unknown[],
  options: ReadUpdatesOptions,
  from: (value: unknown, report: ReportProblem) => T | undefined,
): T[] {
  return list
    .map((each, at) => from(each, problemsOf(options, at + 1)))
    .filter((record) => record !== undefined);
}

/** @returns a function that reports the problems of record number `record` */
export function problemsOf({ onProblem }: ReadUpdatesOptions, record: number): ReportProblem {
  return (code, message) => {
    const error = new FormatError(code, message, { record });
    if (!onProblem) throw error;
    onProblem(error);
  };
}
