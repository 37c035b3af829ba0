import { DecodeError, FormatError } from '../errors.js';

/** An element with all its content. Names are without their namespace prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** its own text, without that of its children, trimmed; `undefined` if it was too long */
  readonly text: string | undefined;
}

type Draft = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: XmlElement[] };

const MAX_DEPTH = 64;
const MAX_NAME = 256;
const MAX_ATTRIBUTES = 64;
/** Characters of one tag's names and values, and of the text of one element. */
const MAX_LENGTH = 1 << 16;
/** Elements within one that is gathered. */
const MAX_ELEMENTS = 20_000;
/** Characters that are parsed at a time, so that a refused text is not read to its end. */
const PIECE = 1 << 16;
/** Characters from one tag to the next: saxes holds a text or a comment until its end. */
const MAX_BETWEEN_TAGS = 1 << 22;

/**
 * Reads XML 1.0 with saxes and gathers whole elements. Of a document of a million records, one is
 * in memory at a time. Document types are refused. Without them, a reference stands for one
 * character, so no text can grow. The optional package `saxes` is loaded on first use.
 * @param begins decides for each element outside of a gathered one, by its name and the number of
 *   elements around it: true gathers it
 * @param take gets each gathered element, `too-large` if it had more elements than one may
 * @throws {FormatError} `bad-xml`, with its `offset`, if the text is malformed or refused
 * @throws {DecodeError} `decoder-missing` if saxes is not installed
 */
export async function readElements(
  text: string,
  begins: (name: string, depth: number) => boolean,
  take: (element: XmlElement | 'too-large', depth: number) => void,
): Promise<void> {
  const { SaxesParser } = await saxes();
  const parser = new SaxesParser({ xmlns: false as const, position: false });
  /** the open elements that are gathered, outermost first */
  const open: Draft[] = [];
  let depth = 0;
  let count = 0;
  let piece = '';
  let length = 0;
  let bytes = 0;
  let lastTag = 0;
  const fail = (what: string): never => {
    const left = piece.slice(Math.max(0, piece.length - (length - parser.position)));
    throw new FormatError('bad-xml', `expected ${what}`, { offset: bytes - utf8Length(left) });
  };
  parser.on('error', ({ message }) => {
    // The part after a colon quotes the text.
    const reason = /^[\w ,-]+(?=[.:]|$)/.exec(message);
    fail(reason ? `well-formed XML: ${reason[0]}` : 'well-formed XML');
  });
  parser.on('doctype', () => fail('no document type, entity or other declaration'));
  parser.on('opentag', ({ name: qualified, attributes: all }) => {
    lastTag = parser.position;
    const name = localName(qualified);
    const attributes = new Map<string, string>();
    let size = qualified.length;
    let attributeCount = 0;
    let isNamed = name !== '';
    for (const key in all) {
      const local = localName(key);
      isNamed &&= local !== '';
      size += key.length + all[key]!.length;
      attributeCount++;
      // Namespace declarations would pass for attributes of the same local name.
      if (!/^xmlns(:|$)/.test(key)) attributes.set(local, all[key]!);
    }
    if (!isNamed) fail(`names of 1 to ${MAX_NAME} characters`);
    if (size > MAX_LENGTH) fail(`tags of at most ${MAX_LENGTH} characters`);
    if (attributeCount > MAX_ATTRIBUTES) fail(`at most ${MAX_ATTRIBUTES} attributes`);
    if (depth === MAX_DEPTH) fail(`at most ${MAX_DEPTH} nested elements`);
    const draft: Draft = { name, attributes, children: [], text: '' };
    const parent = open.at(-1);
    if (parent === undefined) count = 0;
    if (parent !== undefined || begins(name, depth)) {
      if (++count <= MAX_ELEMENTS) parent?.children.push(draft);
      open.push(draft);
    }
    depth++;
  });
  const gather = (more: string) => {
    const top = open.at(-1);
    if (top?.text === undefined) return;
    top.text = top.text.length + more.length > MAX_LENGTH ? undefined : top.text + more;
  };
  parser.on('text', gather);
  parser.on('cdata', gather);
  parser.on('closetag', () => {
    lastTag = parser.position;
    depth--;
    const closed = open.pop();
    if (closed === undefined) return;
    closed.text = closed.text?.trim();
    if (open.length === 0) take(count > MAX_ELEMENTS ? 'too-large' : closed, depth);
  });
  for (let at = 0; at < text.length; at += PIECE) {
    piece = text.slice(at, at + PIECE);
    length += piece.length;
    bytes += utf8Length(piece);
    parser.write(piece);
    if (length - lastTag > MAX_BETWEEN_TAGS) {
      fail(`at most ${MAX_BETWEEN_TAGS} characters between two tags`);
    }
  }
  piece = '';
  parser.close();
}

/**
 * The root element of a small document.
 * @param name default any
 * @throws {FormatError} `bad-xml` if the text is malformed or refused; `bad-reply` if the root has
 *   another name, or too many elements
 * @throws {DecodeError} `decoder-missing` if saxes is not installed
 */
export async function rootElement(text: string, name?: string): Promise<XmlElement> {
  let root: XmlElement | 'too-large' = 'too-large';
  await readElements(
    text,
    () => true,
    (element) => {
      root = element;
    },
  );
  const found = root as XmlElement | 'too-large';
  if (found === 'too-large' || (name !== undefined && found.name !== name)) {
    throw new FormatError('bad-reply', `expected ${name ?? 'a small document'}`);
  }
  return found;
}

/** The first child of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

async function saxes() {
  try {
    return await import('saxes');
  } catch (cause) {
    const message = "reading NCMEC's lists needs saxes: npm install saxes";
    throw new DecodeError('decoder-missing', message, { cause });
  }
}

/** A name without its prefix; empty if it is too long. */
function localName(qualified: string): string {
  return qualified.length > MAX_NAME ? '' : qualified.slice(qualified.indexOf(':') + 1);
}

function utf8Length(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Each half of a pair counts two of its four bytes.
    if (code < 0x80) length += 1;
    else if (code < 0x800 || (code >= 0xd800 && code < 0xe000)) length += 2;
    else length += 3;
  }
  return length;
}

/** `text`, escaped for an element or attribute. Characters that XML forbids are omitted. */
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
