import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { type XmlEvent, XmlReader, xmlText } from '../../src/exchange/xml.js';
import { childOf, ElementGatherer, type XmlElement } from '../../src/exchange/xml-element.js';
import { cut } from './lists.js';

function eventsOf(chunks: string | readonly string[]): XmlEvent[] {
  const reader = new XmlReader();
  const events = (typeof chunks === 'string' ? [chunks] : chunks).flatMap((chunk) =>
    reader.push(chunk),
  );
  reader.end();
  return events;
}

function rootOf(chunks: string | readonly string[]): XmlElement | 'too-large' | undefined {
  const gatherer = new ElementGatherer();
  let root: XmlElement | 'too-large' | undefined;
  for (const event of eventsOf(chunks)) root = gatherer.take(event);
  return root;
}

const codeOf = (text: string) => {
  try {
    eventsOf(text);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).code;
  }
  return undefined;
};

describe('what is read', () => {
  test('elements, attributes and text, without prefixes and declarations', () => {
    const text = '\ufeff<?xml version="1.0"?>\n<é:a xmlns:é="u" b="1 > 0">ö<c/>z</é:a >\n';
    expect(eventsOf(text)).toEqual([
      { kind: 'open', name: 'a', attributes: new Map([['b', '1 > 0']]) },
      { kind: 'text', text: 'ö' },
      { kind: 'open', name: 'c', attributes: new Map() },
      { kind: 'close', name: 'c' },
      { kind: 'text', text: 'z' },
      { kind: 'close', name: 'a' },
    ]);
  });

  test('the five references, those of characters, and CDATA as it stands', () => {
    const root = rootOf('<a b="&lt;&#65;&#x1F600;">&amp;&gt;&quot;&apos;<![CDATA[&amp;<]]>]]></a>');
    expect(root).toMatchObject({ text: '&>"\'&amp;<]]>' });
    expect((root as XmlElement).attributes.get('b')).toBe('<A\u{1f600}');
  });

  test('comments and instructions are skipped, with whatever they hold', () => {
    const text = '<!-- <!DOCTYPE x> -> --><a><?x <b> ? > ?>1<!-->--><!-- --->2</a><!---->';
    expect(rootOf(text)).toMatchObject({ text: '12', children: [] });
  });

  test('a text that is too long is told, and the others are read', () => {
    const long = `<a><b>${'x'.repeat(65_537)}</b><c>${'x'.repeat(65_536)}</c></a>`;
    const root = rootOf(long) as XmlElement;
    expect(childOf(root, 'b')?.text).toBeUndefined();
    expect(childOf(root, 'c')?.text).toHaveLength(65_536);
    const pieces = `<b>${'x'.repeat(40_000)}<!---->${'x'.repeat(40_000)}</b>`;
    expect(rootOf(pieces)).toMatchObject({ text: undefined });
    const section = `<b><![CDATA[${'x'.repeat(70_000)}]]>y</b>`;
    expect(rootOf(section)).toMatchObject({ text: undefined });
  });

  test('an element of too many elements is told apart', () => {
    expect(rootOf(`<a>${'<b/>'.repeat(19_999)}</a>`)).toMatchObject({ name: 'a' });
    expect(rootOf(`<a>${'<b/>'.repeat(20_000)}</a>`)).toBe('too-large');
  });

  test('names reach no prototype', () => {
    const root = rootOf('<a __proto__="1" constructor="2"><__proto__>x</__proto__></a>');
    expect((root as XmlElement).attributes.get('constructor')).toBe('2');
    expect(childOf(root as XmlElement, '__proto__')?.text).toBe('x');
    expect(({} as { text?: unknown }).text).toBeUndefined();
  });
});

describe('what is refused', () => {
  test.each([
    '<!DOCTYPE a><a/>',
    '<!doctype a><a/>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a><!ENTITY b "c"></a>',
    '<![IGNORE[ ]]><a/>',
    '<a>&b;</a>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<a>&#x110000;</a>',
    '<a>& </a>',
    '<a b="&b;"/>',
    '',
    ' ',
    'x',
    '<a>',
    '<a></b>',
    '<a/><a/>',
    '<a/>x',
    'x<a/>',
    '<a/><![CDATA[]]>',
    '</a>',
    '<a b/>',
    '<a b=c/>',
    '<a b="1"c="2"/>',
    '<a b="<"/>',
    '< a/>',
    '<a / >',
    '<a',
    '<a><!-- </a>',
    '<1/>',
    '<a:/>',
    `<a ${'b'.repeat(257)}="1"/>`,
    `<${'a'.repeat(257)}/>`,
    `<a b="${'x'.repeat(65_536)}"/>`,
    `<a ${Array.from({ length: 65 }, (_, at) => `b${at}="1"`).join(' ')}/>`,
    `${'<a>'.repeat(65)}${'</a>'.repeat(65)}`,
  ])('%#', (text) => {
    expect(codeOf(text)).toBe('bad-xml');
  });

  test('with its place in bytes', () => {
    const text = '\ufeff<a>ö\u{1f600}</b>';
    const end = Buffer.byteLength(text.slice(0, text.indexOf('>', 8)));
    expect(() => eventsOf(text)).toThrow(expect.objectContaining({ offset: expect.any(Number) }));
    try {
      eventsOf([...text]);
    } catch (error) {
      expect((error as FormatError).offset).toBe(end);
    }
  });

  test('but not the deepest, longest and most that are allowed', () => {
    expect(codeOf(`${'<a>'.repeat(64)}${'</a>'.repeat(64)}`)).toBeUndefined();
    expect(codeOf(`<${'a'.repeat(256)}/>`)).toBeUndefined();
    const attributes = Array.from({ length: 64 }, (_, at) => `b${at}="1"`).join(' ');
    expect(codeOf(`<a ${attributes}/>`)).toBeUndefined();
  });
});

describe('properties', () => {
  const name = fc.stringMatching(/^[a-zA-Z_é][\w.é-]{0,8}$/);
  const words = fc.string({ unit: 'binary', maxLength: 12 });
  interface Tree {
    name: string;
    attributes: Record<string, string>;
    parts: (string | Tree)[];
  }
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.record({
      name,
      attributes: fc.dictionary(name, words, { maxKeys: 3 }),
      parts: fc.array(fc.oneof({ maxDepth: 4 }, words, tie('tree')), { maxLength: 4 }),
    }),
  }));
  const noise = fc.constantFrom('', '<!-- &x; -->', '<?p x?>', '<!--->-->');

  /** As a stranger may write it: prefixes, either quote, CDATA, comments between the parts. */
  function written(tree: Tree, odd: readonly string[], at = 0): string {
    const prefix = odd[at % odd.length] === '' ? '' : 'n:';
    const attributes = Object.entries(tree.attributes)
      .filter(([key]) => !key.startsWith('xmlns'))
      .map(([key, value], n) => {
        const text = xmlText(value).replaceAll("'", '&#39;');
        return n % 2 === 0 ? ` ${prefix}${key}="${text}"` : `\n${key} = '${text}'`;
      })
      .join('');
    const inner = tree.parts
      .map((part, n) => {
        if (typeof part !== 'string') return written(part, odd, at + n + 1);
        const asCdata = n % 3 === 0 && !part.includes(']]') && allowed(part) === part;
        return asCdata ? `<![CDATA[${part}]]>` : xmlText(part);
      })
      .join(odd[(at + 1) % odd.length]);
    return `<${prefix}${tree.name}${attributes}>${inner}</${prefix}${tree.name}\n>`;
  }

  const allowed = (text: string) =>
    text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '');
  function expected({ name, attributes, parts }: Tree): object {
    const texts = parts.filter((part) => typeof part === 'string').map(allowed);
    return {
      name,
      attributes: new Map(
        Object.entries(attributes)
          .filter(([key]) => !key.startsWith('xmlns'))
          .map(([key, value]) => [key, allowed(value)]),
      ),
      children: parts.filter((part) => typeof part !== 'string').map(expected),
      text: texts.join('').trim(),
    };
  }
  test('a tree that is written in any way and cut anywhere is the tree', () => {
    fc.assert(
      fc.property(
        tree,
        fc.array(noise, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (tree, odd, cuts) => {
          const text = `${odd[0]}${written(tree, odd)}${odd[0]}`;
          const root = rootOf(text) as XmlElement;
          expect(root).toEqual(expected(tree));
          expect(rootOf(cut(text, cuts))).toEqual(root);
          expect(rootOf([...text])).toEqual(root);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any text is read or refused, the same in any chunks, and no message quotes it', () => {
    const piece = fc.constantFrom(
      ...['<', '>', '</', '/>', '<a', '<a>', '</a>', '<!--', '-->', '<![CDATA[', ']]>', '<?', '?>'],
      ...['<!DOCTYPE', '"', "'", ' b="', '=', '&', '&amp;', '&#', ';', ']', '-', ' ', '\n', 'qqq'],
    );
    const texts = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    const said = (chunks: readonly string[]) => {
      try {
        return rootOf(chunks);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        const { message, code, offset } = error as FormatError;
        expect(message).not.toContain('qqq');
        return { message, code, offset };
      }
    };
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 9 }), (text, cuts) => {
        const whole = said([text]);
        // A tag is refused where its chunk ends, so only the place may differ.
        const place = { offset: expect.any(Number) };
        const alike = whole instanceof Object && 'code' in whole ? { ...whole, ...place } : whole;
        expect(said(cut(text, cuts))).toEqual(alike);
        expect(said([...text])).toEqual(alike);
      }),
      { numRuns: 3000 },
    );
  });
});

test('what is written is read back', () => {
  const awkward = ' a&b<c>d"e\'f\ng\th\r]]>\u{1f600} ';
  const root = rootOf(`<a b="${xmlText(awkward)}"><c>${xmlText(awkward)}</c></a>`) as XmlElement;
  expect(root.attributes.get('b')).toBe(awkward);
  expect(childOf(root, 'c')?.text).toBe(awkward.trim());
});
