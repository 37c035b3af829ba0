import { FormatError } from '../errors.js';

/** What the reader found, in the order of the text. Names are without their namespace prefix. */
export type XmlEvent =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'close'; readonly name: string }
  /** `undefined` for a text longer than the limit, which is not kept */
  | { readonly kind: 'text'; readonly text: string | undefined };

const MAX_DEPTH = 64;
const MAX_NAME = 256;
/** Of a tag, and of a text between two tags, in characters. */
const MAX_LENGTH = 1 << 16;
const MAX_ATTRIBUTES = 64;

type State = 'text' | 'markup' | 'tag' | 'comment' | 'cdata' | 'instruction';

/** The two characters before the `>` that ends each of these. */
const ENDS: Readonly<Record<'comment' | 'cdata', string>> = { comment: '--', cdata: ']]' };

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Reads XML 1.0 that arrives in chunks, and gives the events of each chunk. Elements, attributes,
 * text and CDATA are read; comments and processing instructions are skipped. A document type or an
 * entity is refused, so no text can grow: references are the five of XML and those of characters.
 *
 * Linear: each character is looked at a fixed number of times, however small the chunks. Memory
 * holds one tag or one text.
 * Source: W3C, Extensible Markup Language (XML) 1.0, fifth edition.
 */
export class XmlReader {
  #state: State = 'text';
  #token = '';
  #isTooLong = false;
  /** the quote that an attribute's value began with */
  #quote = '';
  /** the last two characters of a comment or a CDATA section */
  #tail = '';
  /** the names of the open elements */
  readonly #open: string[] = [];
  #hasRoot = false;
  #hasStarted = false;
  #offset = 0;
  #events: XmlEvent[] = [];

  /**
   * @throws {FormatError} `bad-xml`, with its `offset`, if the text is malformed or refused; the
   *   reader then gives nothing more
   */
  push(chunk: string): XmlEvent[] {
    this.#events = [];
    let at = 0;
    if (!this.#hasStarted && chunk !== '') {
      this.#hasStarted = true;
      if (chunk.charCodeAt(0) === 0xfeff) at = this.#pass(chunk, 0, 1);
    }
    while (at < chunk.length) {
      if (this.#state === 'text') at = this.#text(chunk, at);
      else if (this.#state === 'markup') at = this.#markup(chunk, at);
      else if (this.#state === 'tag') at = this.#tag(chunk, at);
      else at = this.#section(chunk, at, this.#state);
    }
    return this.#events;
  }

  /** @throws {FormatError} `bad-xml` if the text ends too early */
  end(): void {
    if (this.#state !== 'text' || this.#open.length > 0 || !this.#hasRoot) {
      this.#fail('the text to go on');
    }
    this.#endText(decoded);
  }

  #text(chunk: string, at: number): number {
    const found = chunk.indexOf('<', at);
    const end = found < 0 ? chunk.length : found;
    this.#keep(chunk, at, end);
    this.#pass(chunk, at, end);
    if (found < 0) return end;
    this.#endText(decoded);
    this.#state = 'markup';
    return this.#pass(chunk, end, end + 1);
  }

  /** Takes one character after a `<`, until it is known what the `<` begins. */
  #markup(chunk: string, at: number): number {
    this.#token += chunk[at];
    const token = this.#token;
    if (token === '?') this.#begin('instruction');
    else if (token === '!--') this.#begin('comment');
    else if (token === '![CDATA[') {
      if (this.#open.length === 0) this.#fail('no text outside the root element');
      this.#begin('cdata');
    } else if (token[0] !== '!') {
      // The character is the first of the tag.
      this.#begin('tag');
      return at;
    } else if (!('!--'.startsWith(token) || '![CDATA['.startsWith(token))) {
      this.#fail('no document type, entity or other declaration');
    }
    return this.#pass(chunk, at, at + 1);
  }

  #begin(state: State): void {
    this.#state = state;
    this.#token = this.#tail = this.#quote = '';
  }

  #tag(chunk: string, start: number): number {
    let at = start;
    for (; at < chunk.length; at++) {
      const one = chunk[at]!;
      if (this.#quote !== '') {
        if (one === this.#quote) this.#quote = '';
      } else if (one === '"' || one === "'") this.#quote = one;
      else if (one === '>') break;
      else if (one === '<') this.#fail('no < within a tag');
    }
    this.#keep(chunk, start, at);
    if (this.#isTooLong) this.#fail(`tags of at most ${MAX_LENGTH} characters`);
    if (at === chunk.length) return this.#pass(chunk, start, at);
    const tag = this.#token;
    this.#begin('text');
    if (tag[0] === '/') this.#close(nameOf(tag.slice(1).trimEnd()));
    else this.#element(tag);
    return this.#pass(chunk, start, at + 1);
  }

  #element(tag: string): void {
    const isEmpty = tag.endsWith('/');
    const length = isEmpty ? tag.length - 1 : tag.length;
    const name = nameOf(/^[^\s/]*/.exec(tag)![0]);
    if (name === '') this.#fail('names of elements');
    if (this.#open.length === 0 && this.#hasRoot) this.#fail('one root element');
    if (this.#open.length === MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} nested elements`);
    this.#hasRoot = true;
    const attributes = this.#attributes(tag.slice(0, length));
    this.#events.push({ kind: 'open', name, attributes });
    if (isEmpty) this.#events.push({ kind: 'close', name });
    else this.#open.push(name);
  }

  #attributes(tag: string): Map<string, string> {
    const attributes = new Map<string, string>();
    // Each match begins where the last one ended, and no part can be matched in two ways.
    const one = /\s+([^\s=<>"'/]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')|\s*$/y;
    one.lastIndex = /^[^\s/]*/.exec(tag)![0].length;
    while (one.lastIndex < tag.length) {
      const found = one.exec(tag);
      if (found === null) this.#fail('attributes as name="value"');
      if (found[1] === undefined) break;
      const name = nameOf(found[1]);
      if (name === '') this.#fail('names of attributes');
      if (attributes.size === MAX_ATTRIBUTES) this.#fail(`at most ${MAX_ATTRIBUTES} attributes`);
      const value = decoded(found[2] ?? found[3]!);
      if (value === undefined) this.#fail('no references but to characters');
      // Those of the namespaces would stand for ours of the same name.
      if (!/^xmlns(:|$)/.test(found[1])) attributes.set(name, value);
    }
    return attributes;
  }

  #close(name: string): void {
    if (name === '' || this.#open.pop() !== name) {
      this.#fail('the end of the element that was opened last');
    }
    this.#events.push({ kind: 'close', name });
  }

  /** A comment, a CDATA section or a processing instruction: whatever stands before its end. */
  #section(chunk: string, start: number, state: 'comment' | 'cdata' | 'instruction'): number {
    for (let at = start; at < chunk.length; ) {
      const found = chunk.indexOf('>', at);
      const end = found < 0 ? chunk.length : found;
      if (state === 'cdata') this.#keep(chunk, at, end);
      this.#tail = (this.#tail + chunk.slice(Math.max(at, end - 2), end)).slice(-2);
      if (found < 0) break;
      at = found + 1;
      if (state === 'instruction' ? this.#tail.endsWith('?') : this.#tail === ENDS[state]) {
        this.#state = 'text';
        if (state === 'cdata') this.#endText((text) => text.slice(0, -2));
        return this.#pass(chunk, start, at);
      }
      if (state === 'cdata') this.#keep(chunk, found, at);
      this.#tail = `${this.#tail.slice(-1)}>`;
    }
    return this.#pass(chunk, start, chunk.length);
  }

  #keep(chunk: string, from: number, to: number): void {
    if (this.#isTooLong || this.#token.length + to - from > MAX_LENGTH) {
      this.#isTooLong = true;
      this.#token = '';
    } else this.#token += chunk.slice(from, to);
  }

  #endText(read: (text: string) => string | undefined): void {
    const raw = this.#token;
    const isTooLong = this.#isTooLong;
    this.#token = '';
    this.#isTooLong = false;
    if (this.#open.length === 0) {
      if (isTooLong || raw.trim() !== '') this.#fail('no text outside the root element');
      return;
    }
    const text = isTooLong ? undefined : read(raw);
    if (text === undefined && !isTooLong) this.#fail('no references but to characters');
    if (text !== '') this.#events.push({ kind: 'text', text });
  }

  /** Counts the bytes of what is done with, and returns `to`. */
  #pass(chunk: string, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const code = chunk.charCodeAt(at);
      // Each half of a pair counts two of its four bytes.
      if (code < 0x80) this.#offset += 1;
      else if (code < 0x800 || (code >= 0xd800 && code < 0xe000)) this.#offset += 2;
      else this.#offset += 3;
    }
    return to;
  }

  #fail(what: string): never {
    throw new FormatError('bad-xml', `expected ${what}`, { offset: this.#offset });
  }
}

/** Characters read at a time, so that the events of a large text need no more memory than a few. */
const PIECE = 1 << 16;

/**
 * The events of a whole text, read piece by piece.
 * @throws {FormatError} `bad-xml` if it is malformed or refused
 */
export function* xmlEvents(text: string): Generator<XmlEvent, void, undefined> {
  const reader = new XmlReader();
  for (let at = 0; at < text.length; at += PIECE) yield* reader.push(text.slice(at, at + PIECE));
  reader.end();
}

/** A name without its prefix; empty if it is not a name, or too long. */
function nameOf(qualified: string): string {
  const name = qualified.slice(qualified.indexOf(':') + 1);
  const isName = qualified.length <= MAX_NAME && /^[\p{L}_][\p{L}\p{N}\p{M}._·-]*$/u.test(name);
  return isName ? name : '';
}

/** `text` with its references replaced; `undefined` if one is neither XML's nor a character's. */
function decoded(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let isBad = false;
  const read = text.replace(/&([#\w]{1,10});|&/g, (_, name: string | undefined) => {
    const character = name === undefined ? undefined : characterOf(name);
    if (character === undefined) isBad = true;
    return character ?? '';
  });
  return isBad ? undefined : read;
}

function characterOf(name: string): string | undefined {
  if (name[0] !== '#') return PREDEFINED.get(name);
  const digits = /^#(?:x([\da-f]+)|(\d+))$/i.exec(name);
  if (digits === null) return undefined;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  const isCharacter =
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code < 0xd800) ||
    (code >= 0xe000 && code <= 0x10ffff && code !== 0xfffe && code !== 0xffff);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}

/** `text` as it may stand in an element or attribute. Characters that XML forbids are left out. */
export function xmlText(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"\r\n\t]/g, (one) => ESCAPES.get(one)!);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\r', '&#13;'],
  ['\n', '&#10;'],
  ['\t', '&#9;'],
]);
