import { checkIterable, checkObject, checkOptions, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import type { ListUpdate, ReadUpdatesOptions, UnknownWord } from './list-update.js';
import { type NcmecEntry, ncmecElement, ncmecEntryFrom, ncmecUpdate } from './ncmec-entry.js';
import { checkNcmecList, type NcmecList } from './ncmec-lists.js';
import { problemsOf, UnknownWords } from './service-json.js';
import { type TextSource, textPieces } from './text.js';
import { type XmlEvent, XmlReader, xmlEvents, xmlText } from './xml.js';
import { childOf, ElementGatherer, type XmlElement } from './xml-element.js';

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

/** Options of `readNcmecEntries`. */
export interface ReadNcmecOptions extends ReadUpdatesOptions {
  /** the list that the reply is from, one of `NCMEC_LISTS`; default source `ncmec`, no labels */
  list?: Pick<NcmecList, 'source' | 'labels'>;
}

const NAMESPACE = 'https://hashsharing.ncmec.org/hashsharing/v2';
const GROUPS = ['images', 'videos', 'paging'];

/**
 * Reads a page of `GET /v2/entries`, one entry at a time. An entry without ids is a problem, and
 * the others are read; so is a hash or timestamp that is malformed, and its entry is kept.
 * @throws {TypeError} if the text or an option is invalid
 * @throws {FormatError} `bad-xml` if it is not XML, or has a document type; `bad-reply` if it is
 *   another document; the first problem, if there is no `onProblem`
 */
export async function readNcmecEntries(
  text: TextSource,
  options: ReadNcmecOptions = {},
): Promise<NcmecReply> {
  checkOptions(options);
  checkTypeOf('onProblem', options.onProblem, 'function');
  const { list = { source: 'ncmec', labels: [] } } = options;
  checkNcmecList(list);
  const page = new NcmecPage(list, options);
  const reader = new XmlReader();
  for await (const piece of textPieces(text)) {
    for (const event of reader.push(piece)) page.take(event);
  }
  reader.end();
  return page.reply();
}

/** Like `readNcmecEntries`, of a whole text. */
export function ncmecReply(
  text: string,
  list: Pick<NcmecList, 'source' | 'labels'>,
  options: ReadUpdatesOptions,
): NcmecReply {
  const page = new NcmecPage(list, options);
  for (const event of xmlEvents(text)) page.take(event);
  return page.reply();
}

/** Gathers a page from the events of its text. */
class NcmecPage {
  readonly #gatherer = new ElementGatherer();
  readonly #unknown = new UnknownWords();
  readonly #list: Pick<NcmecList, 'source' | 'labels'>;
  readonly #options: ReadUpdatesOptions;
  readonly #entries: NcmecEntry[] = [];
  readonly #updates: ListUpdate[] = [];
  #next: string | undefined;
  #depth = 0;
  #record = 0;
  #hasGroup = false;

  constructor(list: Pick<NcmecList, 'source' | 'labels'>, options: ReadUpdatesOptions) {
    this.#list = list;
    this.#options = options;
  }

  /** @throws {FormatError} `bad-reply` if it holds no group, not even an empty one */
  reply(): NcmecReply {
    if (!this.#hasGroup) {
      throw new FormatError('bad-reply', 'expected groups of entries, if only empty ones');
    }
    return {
      entries: this.#entries,
      updates: this.#updates,
      unknown: this.#unknown.list(),
      ...(this.#next && { next: this.#next }),
    };
  }

  /** @throws {FormatError} if it is another document; see `readNcmecEntries` */
  take(event: XmlEvent): void {
    const isGathered =
      this.#gatherer.isOpen ||
      (event.kind === 'open' &&
        (this.#depth === 2 || (this.#depth === 1 && event.name === 'paging')));
    if (isGathered) {
      const element = this.#gatherer.take(event);
      if (element === undefined) return;
      // What is closed at depth 1 is the paging; entries are below their groups.
      if (this.#depth === 2) this.#entry(element);
      else {
        this.#next = linkIn(element);
        this.#hasGroup = true;
      }
    } else if (event.kind === 'open') {
      if (this.#depth === 0 && event.name !== 'queryResult') {
        throw new FormatError('bad-reply', 'expected a query result of NCMEC');
      }
      if (this.#depth === 1) {
        this.#unknown.members({ [event.name]: true }, GROUPS);
        this.#hasGroup = true;
      }
      this.#depth++;
    } else if (event.kind === 'close') this.#depth--;
  }

  #entry(element: XmlElement | 'too-large'): void {
    const report = problemsOf(this.#options, ++this.#record);
    if (element === 'too-large') {
      report('bad-record', 'expected an entry of fewer elements');
      return;
    }
    const entry = ncmecEntryFrom(element, this.#unknown, report);
    if (entry === undefined) return;
    this.#entries.push(entry);
    this.#updates.push(ncmecUpdate(entry, this.#list, report));
  }
}

/** The link to the next page. A page must not look like the last one because its link is odd. */
function linkIn(paging: XmlElement | 'too-large'): string | undefined {
  const next = paging === 'too-large' ? undefined : childOf(paging, 'next');
  if (paging === 'too-large' || (next && next.text === undefined)) {
    throw new FormatError('bad-reply', 'expected a link to the next page');
  }
  return next?.text;
}

/**
 * Writes entries as a page of `GET /v2/entries`, so that `readNcmecEntries` gives them back.
 * @throws {TypeError} if `entries` or `next` is invalid
 */
export function writeNcmecEntries(
  entries: Iterable<NcmecEntry>,
  options: { next?: string } = {},
): string {
  checkIterable(entries, 'an iterable of entries');
  checkOptions(options);
  const { next } = options;
  checkTypeOf('next', next, 'string');
  const groups = new Map<string, NcmecEntry[]>([
    ['images', []],
    ['videos', []],
  ]);
  for (const entry of entries) {
    checkNcmecEntry(entry);
    const name = `${entry.kind}s`;
    groups.set(name, groups.get(name) ?? []);
    groups.get(name)!.push(entry);
  }
  const paging = next === undefined ? '' : `<paging><next>${xmlText(next)}</next></paging>`;
  return document('queryResult', [...groups].map(groupElement).join('') + paging);
}

function checkNcmecEntry(entry: NcmecEntry): void {
  checkObject(entry, 'an entry of NCMEC: { kind, memberId, id, … }');
  const { kind, isDeleted, memberId, id, fingerprints, votes } = entry;
  const { memberName, timestamp, classification } = entry;
  const isEntry =
    [kind, memberId, id].every((text) => isText(text) && text !== '') &&
    [memberName, timestamp, classification].every(isTextOrAbsent) &&
    isFlag(isDeleted) &&
    isListOf(fingerprints, ({ type, value, isLink }) => {
      return isText(type) && isText(value) && isFlag(isLink);
    }) &&
    isListOf(votes, ({ isAffirmative, type, memberId, reason, reasonId }) => {
      const texts = [type, memberId].every(isText) && [reason, reasonId].every(isTextOrAbsent);
      return texts && isFlag(isAffirmative);
    });
  if (!isEntry) throw new TypeError('expected an entry of NCMEC: { kind, memberId, id, … }');
  if (![kind, ...fingerprints.map(({ type }) => type)].every((name) => ELEMENT.test(name))) {
    throw new RangeError('expected kinds and types that can name an element');
  }
}

const ELEMENT = /^[A-Za-z][\w-]{0,200}$/;
const isText = (value: unknown) => typeof value === 'string';
const isTextOrAbsent = (value: unknown) => value === undefined || isText(value);
const isFlag = (value: unknown) => value === undefined || typeof value === 'boolean';
const isListOf = <T extends object>(list: readonly T[], holds: (one: T) => boolean) =>
  Array.isArray(list) && list.every((one: T) => holds(Object(one) as T));

function groupElement([name, entries]: [string, NcmecEntry[]]): string {
  if (entries.length === 0) return `<${name} count="0"/>`;
  const times = entries.map(({ timestamp }) => timestamp ?? '').sort();
  const latest = times.at(-1) ? ` maxTimestamp="${xmlText(times.at(-1)!)}"` : '';
  const inner = entries.map(ncmecElement).join('');
  return `<${name} count="${entries.length}"${latest}>${inner}</${name}>`;
}

/** A document of NCMEC's namespace. */
export function document(root: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<${root} xmlns="${NAMESPACE}">${inner}</${root}>\n`;
}
