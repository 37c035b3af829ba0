import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { openWindow, type Pictures, SCHEMES, type Studio, shoot, type Window } from './browser.js';

const PHOTO = 'french-alpine-landscape';
const WINDOW: Window = { width: 1000, height: 600, scale: 1.5, whole: true };

/** The page that `match --explain` writes on a mirrored photo in a screenshot of a feed. */
export async function explainPictures({ root, browser }: Studio): Promise<Pictures> {
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-explain-'));
  try {
    const page = await openWindow(
      browser(),
      pathToFileURL(await writeReport(root, folder)).href,
      WINDOW,
    );
    const shots = await shoot(page, WINDOW);
    await page.close();
    const pictures: Pictures = {};
    for (const scheme of SCHEMES) {
      pictures[`explain-${scheme}.webp`] = await sharp(shots[scheme])
        .webp({ quality: 85, effort: 6 })
        .toBuffer();
    }
    return pictures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Has the program hash a photo, then match a screenshot of it against a list of that hash.
 * @returns where the report is
 */
export async function writeReport(root: string, folder: string): Promise<string> {
  const program = (...words: string[]) =>
    execFileSync(process.execPath, [join(root, 'dist/cli.cjs'), ...words], {
      cwd: folder,
      encoding: 'utf8',
    });
  const photo = join(root, `fixtures/photos/${PHOTO}.jpg`);
  const [hash] = program('hash', photo).split(',');
  writeFileSync(join(folder, 'list.csv'), `${hash},${PHOTO}\n`);
  writeFileSync(join(folder, 'upload.jpg'), await screenshotOf(readFileSync(photo)));
  const report = ['--out', 'report.html', '--show-pictures'];
  program('match', '--explain', 'upload.jpg', '--blocklist', 'list.csv', ...report);
  return join(folder, 'report.html');
}

/** A feed on a phone that shows the photo mirrored, with grey bars for names and words. */
async function screenshotOf(photo: Uint8Array): Promise<Uint8Array> {
  const width = 640;
  const post = await sharp(photo).flop().resize(width).jpeg({ quality: 80 }).toBuffer();
  const { height } = await sharp(post).metadata();
  const [left, top] = [40, 260];
  const bar = (x: number, y: number, length: number, colour: string) =>
    `<rect x="${x}" y="${y}" width="${length}" height="16" rx="8" fill="${colour}"/>`;
  const below = top + height;
  const feed = `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 2 * left}" height="900">
<rect width="100%" height="100%" fill="#eceef2"/><rect width="100%" height="76" fill="#dfe3ea"/>
<circle cx="${left + 20}" cy="180" r="28" fill="#b4bfcc"/>
${bar(left + 68, 160, 220, '#b4bfcc')}${bar(left + 68, 188, 130, '#cbd3dc')}
${bar(left, below + 30, 480, '#b4bfcc')}${bar(left, below + 62, 330, '#b4bfcc')}
${bar(left, below + 110, 160, '#cbd3dc')}${bar(left, 38 - 8, 120, '#b4bfcc')}
</svg>`;
  return await sharp(Buffer.from(feed))
    .composite([{ input: post, left, top }])
    .jpeg({ quality: 85 })
    .toBuffer();
}
