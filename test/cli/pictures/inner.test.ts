import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { distance, type Hash, hashFromHex, hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { testFolder } from '../../folder.js';
import { gifAnimation, photoFrame } from '../../node/decode/animations.js';
import { onlyhashes, PHOTOS, PROGRAM } from '../program.js';

const PLACE = { left: 180, top: 200, width: 640, height: 480 };
const folder = testFolder();
const [photo, page, turned, collage] = ['photo', 'page', 'turned', 'collage'].map((name) =>
  join(folder, `${name}.jpg`),
) as [string, string, string, string];
let ofPhoto: Hash;

/** Pictures laid on white. */
const onWhite = (
  width: number,
  height: number,
  parts: readonly { input: Buffer; left: number; top: number }[],
) =>
  sharp({ create: { width, height, channels: 3, background: 'white' } })
    .composite([...parts])
    .jpeg({ quality: 92 });

beforeAll(async () => {
  const cut = (name: string, width: number, height: number) =>
    sharp(join(PHOTOS, name)).resize(width, height, { fit: 'cover' }).png().toBuffer();
  const boats = await cut('nagasaki-boats-q40.jpg', 640, 480);
  writeFileSync(photo, await sharp(boats).jpeg({ quality: 92 }).toBuffer());
  ofPhoto = (await hashFile(photo)).hash;
  const { left, top } = PLACE;
  const screen = await onWhite(1200, 1000, [{ input: boats, left, top }]).toBuffer();
  writeFileSync(page, screen);
  // Stored on its side, as phones do.
  const aside = sharp(await sharp(screen).rotate(-90).toBuffer());
  writeFileSync(turned, await aside.withMetadata({ orientation: 6 }).jpeg().toBuffer());
  const names = ['acanthus-mollis', 'nagasaki-boats-q40', 'dust-bowl-home', 'airplane-from-above'];
  const cells = await Promise.all(names.map((name) => cut(`${name}.jpg`, 300, 300)));
  const at = cells.map((input, cell) => ({
    input,
    left: 20 + 320 * (cell % 2),
    top: 20 + 320 * (cell >> 1),
  }));
  writeFileSync(collage, await onWhite(660, 660, at).toBuffer());
});

const away = (hex: string) => distance(hashFromHex('pdq', hex), ofPhoto);

test('hash --inner yes prints the picture in a screen in place of the whole, and others as before', async () => {
  const plain = await onlyhashes(['hash', page, photo]);
  expect(await onlyhashes(['hash', '--inner', 'no', page, photo])).toEqual(plain);
  const { lines, err, code } = await onlyhashes(['hash', '--inner', 'yes', page, photo]);
  expect({ err, code, count: lines.length }).toEqual({ err: '', code: 0, count: 2 });
  const [hex, quality, file] = lines[0]!.split(',');
  expect(away(hex!)).toBeLessThanOrEqual(16);
  expect(Number(quality)).toBeGreaterThan(50);
  expect(file).toBe(page);
  expect(away(plain.lines[0]!.slice(0, 64))).toBeGreaterThan(60);
  expect(lines[1]).toBe(plain.lines[1]);
});

interface Line {
  readonly hash: string;
  readonly group?: string;
  readonly parts?: string;
  readonly width: number;
  readonly height: number;
  readonly rectangle?: Record<'left' | 'top' | 'width' | 'height', number>;
  readonly variants: unknown[];
}

async function jsonOf(...words: string[]): Promise<Line[]> {
  const { lines, err, code } = await onlyhashes(['hash', '--json', ...words]);
  expect({ err, code }).toEqual({ err: '', code: 0 });
  return lines.map((line) => JSON.parse(line) as Line);
}

test.each(['page', 'turned'])(
  '--json gives the place in the picture as displayed: %s',
  async (name) => {
    const [line] = await jsonOf('--inner', 'yes', join(folder, `${name}.jpg`));
    const { hash, parts, rectangle, width, height, group, variants } = line!;
    expect(away(hash)).toBeLessThanOrEqual(20);
    expect(parts).toMatch(/^[0-9a-f]{384}$/);
    for (const side of ['left', 'top', 'width', 'height'] as const) {
      expect(Math.abs(rectangle![side] - PLACE[side]), side).toBeLessThanOrEqual(6);
    }
    expect([width, height]).toEqual([rectangle!.width, rectangle!.height]);
    expect({ group, variants }).toEqual({ group: undefined, variants: [] });
  },
);

test('--json: all pictures of one collage name the first as their group', async () => {
  const lines = await jsonOf('--inner', 'yes', collage, photo);
  expect(lines).toHaveLength(5);
  const [first] = lines;
  expect(lines.map(({ group }) => group)).toEqual([
    undefined,
    ...Array(3).fill(first!.hash),
    undefined,
  ]);
  expect(
    lines.map(({ rectangle }) => rectangle && [rectangle.left > 300, rectangle.top > 300]),
  ).toEqual([[false, false], [true, false], [false, true], [true, true], undefined]);
});

test('it takes other algorithms, no digests, no stored rasters, and asks nobody without a terminal', async () => {
  const [line] = await jsonOf('--inner', 'yes', '--algorithm', 'dhash', page);
  expect(line!.rectangle!.left).toBeGreaterThan(100);
  for (const words of [
    ['--inner', 'yes', '--orientation', 'stored'],
    ['--inner', 'yes', '--algorithm', 'md5'],
    ['--inner', 'ask'],
  ]) {
    const { out, err, code } = await onlyhashes(['hash', ...words, page]);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err).toMatch(/--inner/);
  }
  const asked = await onlyhashes(['hash', page], { input: 'yes\n' });
  expect(asked).toEqual(await onlyhashes(['hash', '--inner', 'no', page]));
});

test('bundle create --inner yes lists the pictures, neither the screen nor their places', async () => {
  const { out } = await onlyhashes(['bundle', 'create', '--inner', 'yes', page, collage]);
  const { hash: ofPage } = await hashFile(page, { exact: true });
  expect(out).not.toContain(hashToHex(ofPage));
  expect(out).not.toContain('rectangle');
  const verified = await onlyhashes(['bundle', 'verify', '-'], { input: out });
  expect(verified.out).toMatch(/^5 hashes/);
  const whole = await onlyhashes(['bundle', 'create', page]);
  expect(whole.out).toContain(hashToHex(ofPage));
});

/** Runs the program at a terminal, and types each answer at a question. */
function atTerminal(
  args: readonly string[],
  answers: readonly string[],
): Promise<{ shown: string; code: number | null; questions: number }> {
  const line = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', line, '/dev/null'], { stdio: 'pipe' });
  let shown = '';
  let questions = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    while (shown.split('in place of the whole? (').length - 1 > questions) {
      child.stdin.write(answers[questions++] ?? '\x04');
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ shown, code, questions }));
  });
}

test.runIf(process.platform === 'linux')('at a terminal it asks about a screen', async () => {
  const whole = (await onlyhashes(['hash', page])).lines[0]!.slice(0, 64);
  const inner = (await onlyhashes(['hash', '--inner', 'yes', page])).lines[0]!.slice(0, 64);
  const listed = async (...answers: string[]) => {
    const { shown, code, questions } = await atTerminal(['hash', photo, page], answers);
    expect({ code, questions }).toEqual({ code: 0, questions: answers.length });
    expect(shown).toContain('a screenshot with a picture in it. Use that');
    return [whole, inner].map((hex) => shown.includes(hex));
  };
  expect(await listed('yes\r')).toEqual([false, true]);
  expect(await listed('\r')).toEqual([false, true]);
  expect(await listed('n\r')).toEqual([true, false]);
  // An answer that is none is asked for again.
  expect(await listed('perhaps\r', 'BOTH\r')).toEqual([true, true]);
});

test.runIf(process.platform === 'linux')(
  'a collage is never listed by its own hash; the end of input and Ctrl-C end it',
  async () => {
    const whole = (await onlyhashes(['hash', collage])).lines[0]!.slice(0, 64);
    const both = await atTerminal(['hash', collage], ['both\r', 'yes\r']);
    expect(both).toMatchObject({ code: 0, questions: 2 });
    expect(both.shown).toContain('with 4 pictures in it. Use those');
    expect(both.shown).not.toContain(whole);
    const ended = await atTerminal(['bundle', 'create', collage], ['\x04']);
    expect(ended.code).toBe(2);
    expect(ended.shown).not.toMatch(/ {4}at |Withdraw token/);
    expect((await atTerminal(['hash', collage, page], ['\x03'])).code).toBe(130);
    // Nothing to ask.
    const quiet = await atTerminal(['hash', '--orientation', 'stored', collage], []);
    expect(quiet).toMatchObject({ code: 0, questions: 0 });
  },
);

test('of an animation, later frames are in the list and in the bundle', async () => {
  const sides = { width: 320, height: 240 };
  const film = await Promise.all(
    ['dust-bowl-home.jpg', 'locomotion-house-cat.jpg', 'acanthus-mollis.jpg'].map((name) =>
      photoFrame(name, sides),
    ),
  );
  const [gif, still] = [join(folder, 'film.gif'), join(folder, 'still.jpg')];
  writeFileSync(gif, await gifAnimation(film, sides));
  await sharp(gif, { page: 2 }).resize(500).jpeg({ quality: 75 }).toFile(still);
  const plain = await onlyhashes(['hash', '--json', gif]);
  expect(await onlyhashes(['hash', '--json', '--inner', 'no', gif])).toEqual(plain);
  const { lines } = await onlyhashes(['hash', '--inner', 'yes', gif]);
  expect(lines).toHaveLength(3);
  const json = await onlyhashes(['hash', '--json', '--inner', 'yes', gif]);
  const [first, ...rest] = json.lines.map((line) => JSON.parse(line));
  expect(first).toEqual(JSON.parse(plain.lines[0]!));
  expect(rest).toMatchObject(
    [1, 2].map((frame) => ({ variant: 'frame', frame, group: first.hash, ...sides, variants: [] })),
  );
  expect([first, ...rest].map(({ hash }) => hash)).toEqual(lines.map((line) => line.slice(0, 64)));
  const list = join(folder, 'film.jsonl');
  writeFileSync(list, json.out);
  expect((await onlyhashes(['match', '--variants', 'none', still, '-b', list])).code).toBe(0);
  writeFileSync(list, plain.out);
  expect((await onlyhashes(['match', '--variants', 'none', still, '-b', list])).code).toBe(1);

  const { out } = await onlyhashes(['bundle', 'create', '--inner', 'yes', gif]);
  const { hashes } = JSON.parse(out) as { hashes: { variant: string; group?: string }[] };
  expect(hashes.map(({ variant }) => variant).sort()).toEqual(['frame', 'frame', 'original']);
});
