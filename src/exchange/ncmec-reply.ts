import { FormatError } from '../errors.js';
import type { ListUpdate, ReadUpdatesOptions, UnknownWord } from './list-update.js';
import { type NcmecEntry, ncmecEntryFrom, ncmecUpdate } from './ncmec-entry.js';
import type { NcmecList } from './ncmec-lists.js';
import { problemsOf, UnknownWords } from './service-json.js';
import { type XmlEvent, xmlEvents } from './xml.js';
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

const GROUPS = ['images', 'videos', 'paging'];

/**
 * A page of `GET /v2/entries`. An entry without ids is a problem, and the others are read; so is a
 * hash or timestamp that is malformed, and its entry is kept.
 * @throws {FormatError} `bad-xml` if it is not XML, or has a document type; `bad-reply` if it is
 *   another document; the first problem, if there is no `onProblem`
 */
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

  /** @throws {FormatError} if it is another document; see `ncmecReply` */
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
