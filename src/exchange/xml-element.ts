import { FormatError } from '../errors.js';
import { type XmlEvent, xmlEvents } from './xml.js';

/** An element with all that it holds. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** of the element itself without its children, trimmed; `undefined` if it was too long */
  readonly text: string | undefined;
}

type Draft = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: XmlElement[] };

/** Elements within one record, and characters of text within one element. */
const MAX_ELEMENTS = 20_000;
const MAX_TEXT = 1 << 16;

/**
 * Gathers whole elements from the events of an `XmlReader`. The caller says which to gather, so a
 * document of a million records holds one of them at a time.
 */
export class ElementGatherer {
  readonly #open: Draft[] = [];
  #count = 0;
  #isTooLarge = false;

  /** Whether an element is being gathered, so that the next event belongs to it. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /**
   * Takes the event that opens the element, and each one after it.
   * @returns the element when it is closed, `too-large` if it had more elements than one record may
   */
  take(event: XmlEvent): XmlElement | 'too-large' | undefined {
    const top = this.#open.at(-1);
    if (event.kind === 'open') {
      if (top === undefined) {
        this.#count = 0;
        this.#isTooLarge = false;
      }
      const { name, attributes } = event;
      const draft: Draft = { name, attributes, children: [], text: '' };
      this.#isTooLarge ||= ++this.#count > MAX_ELEMENTS;
      if (top !== undefined && !this.#isTooLarge) top.children.push(draft);
      this.#open.push(draft);
    } else if (event.kind === 'text') {
      const isTooLong = (top!.text?.length ?? 0) + (event.text?.length ?? 0) > MAX_TEXT;
      if (isTooLong || top!.text === undefined || event.text === undefined) top!.text = undefined;
      else top!.text += event.text;
    } else {
      this.#open.pop();
      top!.text = top!.text?.trim();
      if (this.#open.length === 0) return this.#isTooLarge ? 'too-large' : top;
    }
    return undefined;
  }
}

/** The first child of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

/**
 * The root element of a small document.
 * @param name default any
 * @throws {FormatError} `bad-xml` if the text is malformed or refused; `bad-reply` if the root has
 *   another name, or too many elements
 */
export function rootElement(text: string, name?: string): XmlElement {
  const gatherer = new ElementGatherer();
  let root: XmlElement | 'too-large' | undefined;
  for (const event of xmlEvents(text)) root = gatherer.take(event);
  if (root === 'too-large' || (name !== undefined && root?.name !== name)) {
    throw new FormatError('bad-reply', `expected ${name ?? 'a small document'}`);
  }
  return root!;
}
