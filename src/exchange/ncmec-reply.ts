import { FormatError } from '../errors.js';
import type { ListUpdate, ReadUpdatesOptions, UnknownWord } from './list-update.js';
import { type NcmecEntry, ncmecEntryFrom, ncmecUpdate } from './ncmec-entry.js';
import type { NcmecList } from './ncmec-lists.js';
import { problemsOf, UnknownWords } from './service-json.js';
import { childOf, readElements, type XmlElement } from './xml.js';

/** A page of a list of NCMEC. */
export interface NcmecReply {
  /** as NCMEC tells them, in its order, which is not that of time */
  readonly entries: readonly NcmecEntry[];
  /** the same for a blocklist */
  readonly updates: readonly ListUpdate[];
  readonly unknown: readonly UnknownWord[];
  /** the link to the next page, relative to the base URL; absent on the last one */
  readonly next?: string;
}

const GROUPS = ['images', 'videos', 'paging'];

/**
 * A page of `GET /v2/entries`. An entry without ids is a problem, and the others are read; so is a
 * hash or timestamp that is malformed, and its entry is kept.
 * @throws {FormatError} `bad-xml` if it is not XML, or has a document type; `bad-reply` if it is
 *   another document; the first problem, if there is no `onProblem`
 * @throws {DecodeError} `decoder-missing` if the optional package `saxes` is not installed
 */
export async function ncmecReply(
  text: string,
  list: Pick<NcmecList, 'source' | 'labels'>,
  options: ReadUpdatesOptions,
): Promise<NcmecReply> {
  const unknown = new UnknownWords();
  const entries: NcmecEntry[] = [];
  const updates: ListUpdate[] = [];
  let next: string | undefined;
  let record = 0;
  let hasGroup = false;
  const begins = (name: string, depth: number): boolean => {
    if (depth === 0 && name !== 'queryResult') {
      throw new FormatError('bad-reply', 'expected a query result of NCMEC');
    }
    if (depth === 1) {
      unknown.members({ [name]: true }, GROUPS);
      hasGroup = true;
    }
    return depth === 2 || (depth === 1 && name === 'paging');
  };
  await readElements(text, begins, (element, depth) => {
    // The paging stands beside the groups, and entries below them.
    if (depth === 1) {
      next = linkIn(element);
      return;
    }
    const report = problemsOf(options, ++record);
    if (element === 'too-large') {
      report('bad-record', 'expected an entry of fewer elements');
      return;
    }
    const entry = ncmecEntryFrom(element, unknown, report);
    if (entry === undefined) return;
    entries.push(entry);
    updates.push(ncmecUpdate(entry, list, report));
  });
  if (!hasGroup) {
    throw new FormatError('bad-reply', 'expected groups of entries, if only empty ones');
  }
  return { entries, updates, unknown: unknown.list(), ...(next && { next }) };
}

/** The link to the next page. A page must not look like the last one because its link is odd. */
function linkIn(paging: XmlElement | 'too-large'): string | undefined {
  const next = paging === 'too-large' ? undefined : childOf(paging, 'next');
  if (paging === 'too-large' || (next && next.text === undefined)) {
    throw new FormatError('bad-reply', 'expected a link to the next page');
  }
  return next?.text;
}
