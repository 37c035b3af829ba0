import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/errors.js';
import {
  childOf,
  readElements,
  rootElement,
  type XmlElement,
  xmlText,
} from '../../src/text/xml.js';
import { runs } from '../seed.js';

type Root = XmlElement | 'too-large' | undefined;

/** `text` after a comment, so that the piece that is parsed at a time ends within it. */
const cutAt = (text: string, at: number) =>
  `<!--${'x'.repeat(65_536 - 7 - (at % (text.length + 1)))}-->${text}`;

async function rootOf(text: string): Promise<Root> {
  let root: Root;
  await readElements(
    text,
    () => true,
    (element) => {
      root = element;
    },
  );
  return root;
}

const codeOf = async (text: string) => {
  try {
    await rootOf(text);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).code;
  }
  return undefined;
};

describe('parsed input', () => {
  test('elements, attributes and text, without prefixes and declarations', async () => {
    const text = '\ufeff<?xml version="1.0"?>\n<é:a xmlns:é="u" b="1 > 0">ö<c/>z</é:a >\n';
    const c = { name: 'c', attributes: new Map(), children: [], text: '' };
    expect(await rootOf(text)).toEqual({
      name: 'a',
      attributes: new Map([['b', '1 > 0']]),
      children: [c],
      text: 'öz',
    });
  });

  test('only the requested elements, each when it is closed', async () => {
    const text = '<a>x<b><c>1</c></b><b><c>2</c><d/></b></a>';
    const asked: string[] = [];
    const taken: string[] = [];
    const begins = (name: string, depth: number) => {
      asked.push(`${depth} ${name}`);
      return name === 'c';
    };
    await readElements(text, begins, (element, depth) => {
      taken.push(`${depth} ${(element as XmlElement).text}`);
    });
    expect(asked).toEqual(['0 a', '1 b', '2 c', '1 b', '2 c', '2 d']);
    expect(taken).toEqual(['2 1', '2 2']);
  });

  test('the five references, character references, and CDATA verbatim', async () => {
    const text = '<a b="&lt;&#65;&#x1F600;">&amp;&gt;&quot;&apos;<![CDATA[&amp;<]]>]]&gt;</a>';
    const root = (await rootOf(text)) as XmlElement;
    expect(root.text).toBe('&>"\'&amp;<]]>');
    expect(root.attributes.get('b')).toBe('<A\u{1f600}');
  });

  test('comments and instructions are skipped, whatever they contain', async () => {
    const text = '<!-- <!DOCTYPE x> -> --><a><?x <b> ? > ?>1<!--> --><!-- - -->2</a><!---->';
    expect(await rootOf(text)).toMatchObject({ text: '12', children: [] });
  });

  test('a text that is too long is reported, and the others are read', async () => {
    const long = `<a><b>${'x'.repeat(65_537)}</b><c>${'x'.repeat(65_536)}</c></a>`;
    const root = (await rootOf(long)) as XmlElement;
    expect(childOf(root, 'b')?.text).toBeUndefined();
    expect(childOf(root, 'c')?.text).toHaveLength(65_536);
    const pieces = `<b>${'x'.repeat(40_000)}<!---->${'x'.repeat(40_000)}</b>`;
    expect(await rootOf(pieces)).toMatchObject({ text: undefined });
    const section = `<b><![CDATA[${'x'.repeat(70_000)}]]>y</b>`;
    expect(await rootOf(section)).toMatchObject({ text: undefined });
  });

  test('an element with too many children is distinguished', async () => {
    expect(await rootOf(`<a>${'<b/>'.repeat(19_999)}</a>`)).toMatchObject({ name: 'a' });
    expect(await rootOf(`<a>${'<b/>'.repeat(20_000)}</a>`)).toBe('too-large');
    const text = `<a>${'<b/>'.repeat(20_000)}</a>`;
    await expect(rootElement(text)).rejects.toMatchObject({ code: 'bad-reply' });
  });

  test('names reach no prototype', async () => {
    const text = '<a __proto__="1" constructor="2"><__proto__>x</__proto__></a>';
    const root = (await rootOf(text)) as XmlElement;
    expect(root.attributes.get('constructor')).toBe('2');
    expect(childOf(root, '__proto__')?.text).toBe('x');
    expect(({} as { text?: unknown }).text).toBeUndefined();
  });
});

describe('refused input', () => {
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
    `<!DOCTYPE a [${'<!ENTITY b "'.repeat(1000)}`,
    '<a b="1" b="2"/>',
    '<a>]]></a>',
    '<a>\u0001</a>',
    '<a><!-- -- --></a>',
    ' <?xml version="1.0"?><a/>',
  ])('%#', async (text) => {
    expect(await codeOf(text)).toBe('bad-xml');
  });

  test('a text or a comment without end', async () => {
    const long = 'x'.repeat(2 ** 22 + 2 ** 17);
    for (const start of ['<a>', '<a><!--', '<a b="', '<!DOCTYPE ']) {
      expect(await codeOf(start + long)).toBe('bad-xml');
    }
    await expect(rootOf(`<a>${long}</a>`)).rejects.toThrow(/between two tags/);
  });

  test('with its place in bytes', async () => {
    const text = '\ufeff<a>ö\u{1f600}</b>';
    const offset = Buffer.byteLength(text);
    const message = 'expected well-formed XML: unexpected close tag';
    await expect(rootOf(text)).rejects.toMatchObject({ code: 'bad-xml', message, offset });
    for (let at = 0; at <= text.length; at++) {
      const long = cutAt(text.slice(1), at);
      const after = { offset: Buffer.byteLength(long) };
      await expect(rootOf(long)).rejects.toMatchObject({ code: 'bad-xml', message, ...after });
    }
    await expect(rootOf('<é:')).rejects.toMatchObject({ offset: 4 });
    await expect(rootOf('<é>\r')).rejects.toMatchObject({ offset: 5 });
  });

  test('but not the deepest, longest and most that are allowed', async () => {
    expect(await codeOf(`${'<a>'.repeat(64)}${'</a>'.repeat(64)}`)).toBeUndefined();
    expect(await codeOf(`<${'a'.repeat(256)}/>`)).toBeUndefined();
    const attributes = Array.from({ length: 64 }, (_, at) => `b${at}="1"`).join(' ');
    expect(await codeOf(`<a ${attributes}/>`)).toBeUndefined();
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
  const noise = fc.constantFrom('', '<!-- &x; -->', '<?p x?>', '<!-->-->');

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
        // XML reads a return as the end of a line.
        const asCdata = n % 3 === 0 && !/]]|\r/.test(part) && allowed(part) === part;
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
  test('a tree that is written in any way, and parsed in any pieces, is the tree', async () => {
    await fc.assert(
      fc.asyncProperty(
        tree,
        fc.array(noise, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        async (tree, odd, at) => {
          const text = `${odd[0]}${written(tree, odd)}${odd[0]}`;
          const root = await rootOf(text);
          expect(root).toEqual(expected(tree));
          expect(await rootOf(cutAt(text, at))).toEqual(root);
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test('any text is read or refused, the same in any pieces, and no message quotes it', async () => {
    const piece = fc.constantFrom(
      ...['<', '>', '</', '/>', '<a', '<a>', '</a>', '<!--', '-->', '<![CDATA[', ']]>', '<?', '?>'],
      ...['<!DOCTYPE', '"', "'", ' b="', '=', '&', '&amp;', '&#', ';', ']', '-', ' ', '\n', 'qqq'],
    );
    const texts = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    const said = async (text: string) => {
      try {
        return await rootOf(text);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        const { message, code, offset } = error as FormatError;
        expect(message).not.toContain('qqq');
        return { message, code, offset };
      }
    };
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), async (text, at) => {
        const whole = await said(text);
        // The end of a piece may show the error a few characters earlier.
        const place = { offset: expect.any(Number) };
        const alike = whole instanceof Object && 'code' in whole ? { ...whole, ...place } : whole;
        expect(await said(cutAt(text, at))).toEqual(alike);
      }),
      { numRuns: runs(1000) },
    );
  });
});

test('written files are read back', async () => {
  const awkward = ' a&b<c>d"e\'f\ng\th\r]]>\u{1f600} ';
  const root = (await rootOf(
    `<a b="${xmlText(awkward)}"><c>${xmlText(awkward)}</c></a>`,
  )) as XmlElement;
  expect(root.attributes.get('b')).toBe(awkward);
  expect(childOf(root, 'c')?.text).toBe(awkward.trim());
});
