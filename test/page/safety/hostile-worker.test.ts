import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBundle } from '../../../src/index.js';
import { describeEngine, enginesFor } from '../../browser/engines/engines.js';
import { testFolder } from '../../folder.js';
import { buildDemo, photo, press, toChoosing } from '../demo-page.js';
import { click, over } from '../sending/over-screen.js';
import { openService } from '../sending/service.js';

const folder = testFolder();
const demo = buildDemo(folder);
const PICTURE = readFileSync(photo('acanthus-mollis.jpg'));

/**
 * Answers that carry the picture byte for byte, as expressions. `bytes` is the picture, `hex` and
 * `base64` are its text forms, `chunks(n)` its parts of n bytes, and `hexOf` converts bytes.
 * `honest()` is an answer that carries nothing.
 */
const ATTACKS: Record<string, string> = {
  'names of variants': `chunks(15).map((part, i) => also({ name: 'x' + hexOf(part) }, i))`,
  'hashes of many variants': `chunks(32).map((part, i) => also({ hash: hash(part) }, i))`,
  'hashes of many more pictures': `chunks(32).map((part) => variant({ hash: hash(part) }))`,
  'a hash that is too long': `[variant({ hash: hash(bytes) })]`,
  'a hash that is text': `[variant({ hash: { algorithm: 'pdq', bytes: base64 } })]`,
  'a hash that is a list': `[variant({ hash: { algorithm: 'pdq', bytes: Array.from(bytes) } })]`,
  'the name of an algorithm': `[variant({ hash: { ...hash(bytes.subarray(0, 32)), algorithm: base64 } })]`,
  'a member beside the hash': `[variant({ hash: { ...honest().hash, note: hex } })]`,
  'a member beside a variant': `[variant({ note: base64 })]`,
  'a member beside a later variant': `[also({ note: hex }, 0)]`,
  'a huge quality': `[variant({ quality: BigInt('0x' + hex) })]`,
  'the digits of a quality': `[variant({ quality: 50.5 + bytes[20] / 1024 })]`,
  'a quality that is text': `[variant({ quality: hex })]`,
  'the size convention': `[variant({ resample: base64 })]`,
  'the sides': `({ width: base64, height: hex })`,
  'a member beside the sides': `({ width: 640, height: 480, note: base64 })`,
  'the place of a variant': `[also({ geometry: { rectangle: hex } }, 0)]`,
  'a member beside an answer': `[{ variant: honest(), note: hex }]`,
  'a last answer that is text': `[{ variant: honest() }, { variant: base64 }]`,
  'an error': `({ error: { name: hex, message: base64, code: hex } })`,
  'the message of an error': `({ error: { name: 'DecodeError', message: base64, code: 'corrupt' } })`,
  'an answer of another kind': `({ image: base64 })`,
  'an answer that is text': `base64`,
  'a stage': `({ stage: base64 })`,
};

/**
 * A hasher whose attack is named by the last byte of a file; beyond the last attack it answers
 * honestly. An attack is the answer to the request to open the file, or a list of answers to the
 * requests for one variant after the other.
 */
const HOSTILE = `
  const chunksOf = (bytes, n) => Array.from({ length: Math.ceil(bytes.length / n) }, (_, i) => {
    const part = new Uint8Array(n);
    part.set(bytes.subarray(i * n, (i + 1) * n));
    return part;
  });
  const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const base64Of = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const hash = (bytes) => ({ algorithm: 'pdq', bytes: Uint8Array.from(bytes) });
  const honest = () => ({ name: 'original', hash: hash(Array(32).fill(0x5a)), quality: 80, resample: 512 });
  const variant = (more) => ({ variant: { ...honest(), ...more } });
  const NAMES = ['stored', 'onWhite', 'onBlack'];
  const also = (more, i) => variant({ name: NAMES[i] ?? 'stored', ...more });
  const attacks = [${Object.values(ATTACKS)
    .map((code) => `(bytes, hex, base64, chunks) => (${code})`)
    .join(',\n')}];
  let answers = [];
  addEventListener('message', ({ data }) => {
    if ('check' in data) return postMessage({ readback: 'absent' });
    if ('next' in data) return postMessage(answers.shift() ?? { variant: undefined });
    const all = new Uint8Array(data.bytes);
    const bytes = all.subarray(0, -1);
    const attack = attacks[all.at(-1)]?.(bytes, hexOf(bytes), base64Of(bytes), (n) => chunksOf(bytes, n));
    answers = Array.isArray(attack) ? attack : [{ variant: honest() }];
    if (answers[0].variant?.name !== 'original') answers.unshift({ variant: honest() });
    postMessage(attack === undefined || Array.isArray(attack) ? { width: 640, height: 480 } : attack);
  });
  postMessage({ ready: true, note: 'x' });`;

/** Every part of that length. */
function windows(whole: string, length: number): { length: number; all: Set<string> } {
  const all = new Set<string>();
  for (let i = 0; i + length <= whole.length; i++) all.add(whole.slice(i, i + length));
  return { length, all };
}
/** Eight or nine consecutive bytes of the picture: in hex, in base64, as they are. */
const FORMS = [
  windows(PICTURE.toString('hex'), 16),
  ...[0, 1, 2].map((skip) => windows(PICTURE.subarray(skip).toString('base64'), 12)),
  windows(PICTURE.toString('latin1'), 8),
];

/** Whether `text` contains such a part of the picture. */
const carries = (text: string): boolean =>
  FORMS.some(({ length, all }) => {
    for (let i = 0; i + length <= text.length; i++) {
      if (all.has(text.slice(i, i + length))) return true;
    }
    return false;
  });

test('recognises text that carries the picture', () => {
  const part = PICTURE.subarray(4001, 4100);
  expect(carries(`..${part.toString('hex')}..`)).toBe(true);
  expect(carries(`..${part.toString('base64')}..`)).toBe(true);
  expect(carries(`..${part.toString('latin1')}..`)).toBe(true);
  expect(carries(readFileSync(photo('expected.json'), 'utf8').slice(0, 4096))).toBe(false);
});

const HONEST = 255;
const files = [...Object.keys(ATTACKS).keys(), HONEST].map((attack) => {
  const path = join(folder, `${attack}.jpg`);
  writeFileSync(path, Buffer.concat([PICTURE, Buffer.from([attack])]));
  return path;
});

for (const name of enginesFor('webkit')) {
  describeEngine(name, (open) => {
    test.each(['sealed', 'that sends'])(
      'in the page %s, a hostile hasher brings no picture into the page or the file',
      async (which) => {
        const page = await open.page();
        const service = await openService();
        await page.goto(which === 'sealed' ? demo.url : service.url);
        await page.evaluate((hostile: string) => {
          const make = URL.createObjectURL.bind(URL);
          URL.createObjectURL = (blob: Blob) => {
            const { type } = blob;
            return make(type === 'text/javascript' ? new Blob([hostile], { type }) : blob);
          };
        }, HOSTILE);
        await toChoosing(page);
        await page.setFiles('#files', files);
        const heading = ` of ${files.length} ready`;
        await page.waitFor(
          (text: string) => document.querySelector('h1')?.textContent?.endsWith(text),
          [heading],
        );
        const told = await page.evaluate(() => {
          for (const details of document.querySelectorAll('details')) details.open = true;
          // The picture names countries and has addresses, as the helplines have.
          document.querySelector('.beside')!.remove();
          const refused = [...document.querySelectorAll('article')].filter((card) =>
            card.querySelector('.problem'),
          );
          return { refused: refused.length, html: document.documentElement.outerHTML };
        });
        expect(told.refused).toBe(Object.keys(ATTACKS).length);
        expect(carries(told.html.replace(/<script>.*<.script>/s, ''))).toBe(false);
        await press(page, 'Next');
        await page.waitFor(() => document.querySelector('#code, .pair') !== null);
        await page.evaluate(() =>
          document.querySelector<HTMLElement>('.pair ~ .row, .row')?.click(),
        );
        await page.waitFor(() => document.querySelector('#code') !== null);
        await press(page, 'See every byte');
        const text = await page.waitFor(() => document.querySelector('.verbatim')?.textContent);
        expect(carries(text!)).toBe(false);
        expect(readBundle(text!).hashes).toMatchObject([{ hash: '5a'.repeat(32), quality: 80 }]);
        if (which !== 'sealed') {
          await press(page, 'Back to the code');
          await press(page, 'I have written it down');
          await press(page, `Send it to ${service.host}`);
          await over(page, `Send it to ${service.host}?`);
          await click(page, `Send 1 number to ${service.host}`);
          await over(page, `${service.host} has your numbers.`);
          expect(service.got.map(({ body }) => body)).toEqual([text]);
        }
        expect(carries(JSON.stringify(service.got))).toBe(false);
        await service.close();
      },
    );
  });
}
