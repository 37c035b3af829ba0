import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { inScheme, plotPictures } from '../../docs/making/plots.js';
import { sourcesOf } from '../../docs/making/screens.js';
import { trueType } from '../../docs/making/system-font.js';
import { drawRecording, linesOf } from '../../docs/making/terminal.js';
import { pages } from '../project/markdown.js';
import { ROOT } from '../project/package.js';

const FOLDER = join(ROOT, 'docs/pictures');
const files = readdirSync(FOLDER)
  .filter((file) => file !== 'screens')
  .sort();
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8');

describe('docs/pictures', () => {
  test('each picture exists in both schemes, of the same size, and the two differ', async () => {
    const light = files.filter((file) => file.includes('-light.'));
    const dark = light.map((file) => file.replace('-light.', '-dark.'));
    expect(files).toEqual([...light, ...dark].sort());
    expect(light.map((file) => file.replace(/-light\..+/, ''))).toEqual([
      'distances',
      'explain',
      'page-desktop',
      'page-phone',
      'recall',
      'speed',
      'stages',
      'tour',
    ]);
    for (const [at, file] of light.entries()) {
      const sides = async (name: string) => {
        const { width, height } = await sharp(join(FOLDER, name)).metadata();
        return { width, height };
      };
      expect(await sides(dark[at]!)).toEqual(await sides(file));
      // The dark one has a ground that is dark.
      const ground = async (name: string) => {
        const one = sharp(join(FOLDER, name)).extract({ left: 20, top: 200, width: 2, height: 2 });
        return (await one.greyscale().stats()).channels[0]!.mean;
      };
      expect(await ground(file), file).toBeGreaterThan(200);
      expect(await ground(dark[at]!), dark[at]).toBeLessThan(60);
    }
  });

  test('each has the size of a picture for a page', async () => {
    let total = 0;
    for (const file of files) {
      const path = join(FOLDER, file);
      const { width = 0, height = 0 } = await sharp(path).metadata();
      expect(width, file).toBeGreaterThanOrEqual(700);
      expect(Math.max(width, height), file).toBeLessThanOrEqual(2000);
      expect(statSync(path).size, file).toBeLessThan(150_000);
      total += statSync(path).size;
    }
    expect(total).toBeLessThan(1_000_000);
  });

  test('a page shows each picture, dark for readers who prefer dark', () => {
    const text = pages()
      .map(({ path }) => readFileSync(join(ROOT, path), 'utf8'))
      .join('\n');
    for (const file of files.filter((name) => name.includes('-light.'))) {
      const dark = file.replace('-light.', '-dark.');
      const shown = new RegExp(
        `<source media="\\(prefers-color-scheme: dark\\)" srcset="[\\w/]*pictures/${dark}">\\s*<img [^>]*src="[\\w/]*pictures/${file}"`,
      );
      expect(text, file).toMatch(shown);
    }
  });
});

describe('docs/pictures/screens', () => {
  const sheets = readdirSync(join(FOLDER, 'screens')).filter((file) => file.endsWith('.webp'));

  test('show the page as its sources have it', () => {
    const { shows } = JSON.parse(read('screens/screens.json')) as { shows: string };
    expect(shows === sourcesOf(ROOT), 'npm run pictures -- screens').toBe(true);
  });

  test('are of every screen, in both schemes, and the page of its design shows each', async () => {
    const light = sheets.filter((file) => file.endsWith('-light.webp'));
    expect(light.length).toBeGreaterThan(15);
    const text = readFileSync(join(ROOT, 'docs/page-design.md'), 'utf8');
    for (const file of light) {
      const dark = file.replace('-light', '-dark');
      expect(sheets).toContain(dark);
      expect(text, file).toContain(`srcset="pictures/screens/${dark}"`);
      expect(text, file).toContain(`src="pictures/screens/${file}"`);
      const { width, height } = await sharp(join(FOLDER, 'screens', file)).metadata();
      expect([width, height]).toEqual([1512, 728]);
      expect(statSync(join(FOLDER, 'screens', file)).size, file).toBeLessThan(120_000);
    }
    expect(sheets).toHaveLength(2 * light.length);
  });
});

describe('plots', () => {
  test('agree with the current records', async () => {
    for (const [file, content] of Object.entries(await plotPictures({ root: ROOT }))) {
      expect(content === read(file), `${file}: npm run pictures -- plots`).toBe(true);
    }
  });

  test('in dark have the same numbers, and no colour without a dark counterpart', () => {
    const without = (plot: string) => plot.replace(/#[\da-f]+/g, '');
    expect(without(read('recall-dark.svg'))).toBe(without(read('recall-light.svg')));
    expect(inScheme('<rect fill="#fff"/>', 'dark')).not.toContain('#fff');
    expect(() => inScheme('<rect stroke="#123456"/>', 'dark')).toThrow('#123456');
    expect(inScheme('<rect stroke="#123456"/>', 'light')).toContain('#123456');
  });
});

describe('the recording of the tour', () => {
  const textOf = (svg: string) =>
    [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

  test('shows a whole run, and names no folder of the machine', () => {
    const text = textOf(read('tour-light.svg'));
    expect(textOf(read('tour-dark.svg'))).toEqual(text);
    expect(text[0]).toBe('$ node dist/tour.js');
    expect(text.at(-1)).toContain('Open dist/report.html in a browser');
    expect(text.filter((line) => / (match|review|none)( |$)/.test(line))).toHaveLength(10);
    expect(text.slice(1).join('\n')).not.toMatch(/(^|\s)\/\w/);
  });

  const SCREEN = { columns: 20, rows: 2 };
  /** A recording in two pieces, parted within a letter. */
  const output = Buffer.from('Script started\nä <b>\r\n  two\r\n\r\nend');
  const first = output.indexOf('ä') + 1 - 15;
  const times = `0.5 ${first}\n1.25 ${output.length - 15 - first}\n`;

  test('has each line at the time of its end, even if a character arrived in two pieces', () => {
    expect(linesOf(output, times, SCREEN)).toEqual(
      ['ä <b>', '  two', '', 'end'].map((text) => ({ text, seconds: 1.75 })),
    );
    expect(linesOf(Buffer.from('x\na\r\nb\r\n'), '1 3\n2 3\n', SCREEN)).toEqual([
      { text: 'a', seconds: 1 },
      { text: 'b', seconds: 3 },
    ]);
  });

  test.each([
    ['a colour', '\u001b[31mred\r\n', 'control character'],
    ['a line that is drawn over', 'one\rtwo\r\n', 'control character'],
    ['a line that would be broken', `${'x'.repeat(21)}\r\n`, 'at most 20 columns'],
  ])('%s is refused, because it would look different', (_, text, message) => {
    const bytes = Buffer.from(`Script started\n${text}`);
    expect(() => linesOf(bytes, `0 ${bytes.length - 15}\n`, SCREEN)).toThrow(message);
  });

  test('shows lines when they were written, scrolls, and ends on the last screen', () => {
    const lines = [
      { text: 'a < b', seconds: 1 },
      { text: '  c', seconds: 2 },
      { text: '', seconds: 3 },
      { text: 'd', seconds: 4 },
    ];
    const svg = drawRecording('$ run', lines, SCREEN, 'dark');
    expect(textOf(svg)).toEqual(['$ run', 'a &lt; b', 'c', 'd']);
    expect(svg.match(/animation-duration:[\d.]+s/g)).toEqual(
      ['1.00', '2.00', '4.00'].map((time) => `animation-duration:${time}s`),
    );
    // Five lines on a screen of two: three are above it in the end, and by default.
    expect(svg).toContain(
      '@keyframes scroll{0%{transform:translateY(0px)}50.00%{transform:translateY(-18px)}75.00%{transform:translateY(-36px)}100.00%{transform:translateY(-54px)}}',
    );
    expect(svg).toContain('animation:scroll 4.00s step-end}');
    expect(svg).toContain('transform="translate(0 -54)"');
    // Two columns to the right, and one wide.
    expect(svg).toMatch(/<text x="15.6" [^>]*textLength="7.8"[^>]*>c</);
  });
});

test('each table of a font is where its directory states, at a multiple of four', () => {
  const tables = { aaaa: [1, 2, 3], bbbb: [4, 5, 6, 7], cccc: [8] };
  const font = trueType(
    new Map(
      Object.entries(tables).map(([tag, bytes]) => [
        tag,
        new DataView(Uint8Array.from([0, ...bytes]).buffer, 1),
      ]),
    ),
  );
  expect([...font.subarray(0, 12)]).toEqual([0, 1, 0, 0, 0, 3, 0, 32, 0, 1, 0, 16]);
  for (const [at, [tag, bytes]] of Object.entries(tables).entries()) {
    const entry = 12 + 16 * at;
    const [offset, length] = [font.readUInt32BE(entry + 8), font.readUInt32BE(entry + 12)];
    expect(font.toString('latin1', entry, entry + 4)).toBe(tag);
    expect(offset % 4).toBe(0);
    expect([...font.subarray(offset, offset + length)]).toEqual(bytes);
  }
});
