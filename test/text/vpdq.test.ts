import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FormatError } from '../../src/errors.js';
import { hashFromHex } from '../../src/hash.js';
import { readVpdq, type VpdqFrame, writeVpdq } from '../../src/text/vpdq.js';
import { hashOf } from '../arbitraries.js';
import { hostileJson, readsHostile } from '../services/hostile.js';
import { cut } from '../services/lists.js';

const HEX = '9def0b7dafa86a1c90f2abd78e79ceb25ec3d1a4b3d4bc7a4354baf7717ea038';
const hash = hashFromHex('pdq', HEX);

async function read(text: string) {
  const problems: string[] = [];
  const onProblem = ({ code, line, record }: FormatError) =>
    problems.push(`${line ?? `#${record}`} ${code}`);
  return { frames: await readVpdq(text, { onProblem }), problems };
}

test('the text of the vPDQ tool', async () => {
  const text = `0,100,${HEX},0.000\r\n30,98,${HEX.toUpperCase()},1.001\n\n60,0,${HEX},59999.970,more\n`;
  expect(await read(text)).toEqual({
    frames: [
      { frameNumber: 0, quality: 100, hash, seconds: 0 },
      { frameNumber: 30, quality: 98, hash, seconds: 1.001 },
      { frameNumber: 60, quality: 0, hash, seconds: 59999.97 },
    ],
    problems: [],
  });
});

test('the JSON of python-threatexchange, with its exponents', async () => {
  const text = JSON.stringify([`${HEX},100,12.3`, `${HEX},100,1.23e+02`, `${HEX},51,6e+04`]);
  const { frames, problems } = await read(text);
  expect(problems).toEqual([]);
  expect(frames.map(({ seconds }) => seconds)).toEqual([12.3, 123, 60000]);
  expect(frames[0]).toEqual({ hash, quality: 100, seconds: 12.3 });
});

test('the older JSON: an object of frame numbers', async () => {
  const text = JSON.stringify({
    0: { quality: 100, hash: HEX, timestamp: 0.0 },
    30: { quality: 55, hash: HEX, timestamp: '1.5' },
  });
  expect((await read(text)).frames).toEqual([
    { frameNumber: 0, quality: 100, hash, seconds: 0 },
    { frameNumber: 30, quality: 55, hash, seconds: 1.5 },
  ]);
});

test('frames are written as the tools write them, with three decimals', () => {
  const frames = [
    { frameNumber: 30, quality: 98, hash, seconds: 12.345 },
    { quality: 7, hash, seconds: 59999.97 },
  ];
  expect(writeVpdq(frames)).toBe(`30,98,${HEX},12.345\n1,7,${HEX},59999.970\n`);
  expect(writeVpdq(frames, { format: 'json' })).toBe(`["${HEX},98,12.345","${HEX},7,59999.970"]\n`);
});

test('an unreadable frame is reported and left out', async () => {
  const good = `1,90,${HEX},1.0`;
  const lines = [
    good,
    `1,90,${HEX.slice(1)},1.0`,
    `x,90,${HEX},1.0`,
    `1,101,${HEX},1.0`,
    `1,90.5,${HEX},1.0`,
    `1,90,${HEX},-1`,
    `1,90,${HEX},0x10`,
    `1,90,${HEX}`,
    `1,90,${HEX},1e99`,
    good,
  ];
  expect((await read(lines.join('\n'))).problems).toEqual([
    '2 bad-hash',
    '3 bad-line',
    '4 bad-line',
    '5 bad-line',
    '6 bad-line',
    '7 bad-line',
    '8 bad-line',
    '9 bad-line',
  ]);
  const json = JSON.stringify([`${HEX},90,1.0`, 7, `${HEX},90`]);
  expect((await read(json)).problems).toEqual(['#2 bad-hash', '#3 bad-line']);
  await expect(readVpdq(lines.join('\n'))).rejects.toMatchObject({ code: 'bad-hash', line: 2 });
  expect((await read(`\n\n${lines[1]}`)).problems).toEqual(['3 bad-hash']);
});

test.each(['', '\n \n', '[]', '{}', '[', '{"a"'])('%j has no frames', async (text) => {
  await expect(read(text)).rejects.toMatchObject({ name: 'FormatError', code: 'bad-line' });
});

const frame: fc.Arbitrary<VpdqFrame> = fc.record({
  frameNumber: fc.nat(),
  hash: hashOf('pdq', 256),
  quality: fc.nat(100),
  seconds: fc.nat(1e9).map((milliseconds) => milliseconds / 1000),
});

test('any frames are read as they were written, however the text is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      async (frames, cuts) => {
        expect(await readVpdq(cut(writeVpdq(frames), cuts))).toEqual(frames);
        const unnumbered = frames.map(({ frameNumber: _, ...others }) => others);
        expect(await readVpdq(cut(writeVpdq(frames, { format: 'json' }), cuts))).toEqual(
          unnumbered,
        );
      },
    ),
  );
});

test('10,000 hostile files of each kind are read or refused', async () => {
  const frames = [{ quality: 98, hash, seconds: 12.345 }];
  const old = { 0: { quality: 98, hash: HEX, timestamp: 12.3 } };
  await readsHostile(
    hostileJson(JSON.parse(writeVpdq(frames, { format: 'json' }))),
    (text, onProblem) => readVpdq(text, { onProblem }),
  );
  await readsHostile(hostileJson(old), (text, onProblem) => readVpdq(text, { onProblem }));
  const lines = writeVpdq([...frames, ...frames]);
  const mutant = fc
    .tuple(fc.nat(lines.length), fc.nat(80), fc.string({ unit: 'binary', maxLength: 8 }))
    .map(([at, gone, more]) => lines.slice(0, at) + more + lines.slice(at + gone));
  const blank = fc.constantFrom('', '\n', ' ', '[', '{}');
  await readsHostile(
    fc.oneof({ weight: 9, arbitrary: mutant }, { weight: 1, arbitrary: blank }),
    (text, onProblem) => readVpdq(text, { onProblem }),
  );
});

test('input that is not text is refused at once', async () => {
  const frame = `0,100,${HEX},0.000\n`;
  for (const text of [`OHBLIST\n${frame}`, `OHINDEX\n${frame}`, Buffer.from(frame, 'utf16le')]) {
    const problems: unknown[] = [];
    const onProblem = (problem: FormatError) => problems.push(problem);
    const source = typeof text === 'string' ? text : [text];
    await expect(readVpdq(source, { onProblem })).rejects.toMatchObject({ code: 'not-a-list' });
    expect(problems).toEqual([]);
  }
});
