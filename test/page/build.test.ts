import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LANGUAGES } from '../../src/page/parts/language.js';
import { ANY_SERVICE, headersOf, policyOf, SANDBOX } from '../../src/page/policy.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import { buildDemo } from './demo-page.js';
import { partsOf, policyIn } from './demo-scripts.js';
import { JOINED } from './sending/service.js';

const folder = testFolder();
const one = buildDemo(folder);
const { html } = one;
const sha256 = (text: string, encoding: 'hex' | 'base64') =>
  createHash('sha256').update(text).digest(encoding);
const policy = policyIn(html);
const { shell, page, script, style } = partsOf(html);
const between = (open: string, close: string) =>
  html.slice(html.indexOf(open) + open.length, html.lastIndexOf(close));

test('another build gives the same bytes', () => {
  execFileSync(process.execPath, [join(ROOT, 'dist/page-build.js'), folder]);
  for (const name of ['page.html', 'page-heic.html', 'page-joined.html']) {
    const [built, again] = [join(ROOT, 'dist'), folder].map((at) => readFileSync(join(at, name)));
    expect(again!.equals(built!)).toBe(true);
  }
});

test('docs/page.md has the size and the digest of the page', async () => {
  const size = `${Math.ceil(Buffer.byteLength(html) / 1000)} kB`;
  const path = join(ROOT, 'docs/page.md');
  const text = readFileSync(path, 'utf8')
    .replace(/\b\d+ kB(?=\s+in\s+one\s+file)/, size)
    .replace(/(?<=SHA-256(?: is)?\s+`)[\da-f]{64}/, sha256(html, 'hex'));
  await expect(text).toMatchFileSnapshot(path);
  expect(text).toContain(sha256(html, 'hex'));
  expect(text).toMatch(new RegExp(`\\b${size}\\s+in\\s+one\\s+file`));
  expect(Buffer.byteLength(html)).toBeLessThan(900_000);
});

test('docs/page.md has the size and the digest of the page that sends', async () => {
  const size = `${Math.ceil(Buffer.byteLength(JOINED) / 1000)} kB`;
  const path = join(ROOT, 'docs/page.md');
  const text = readFileSync(path, 'utf8')
    .replace(/\b\d+ kB(?= in one file, and its digest)/, size)
    .replace(/(?<=its digest\s+is\s+`)[\da-f]{64}/, sha256(JOINED, 'hex'));
  await expect(text).toMatchFileSnapshot(path);
  expect(text).toContain(sha256(JOINED, 'hex'));
  expect(text).toContain(`${size} in one file, and its digest`);
  expect(Buffer.byteLength(JOINED)).toBeLessThan(950_000);
});

test('in the page that sends, the frame has the same script and a policy of its own', () => {
  const joined = partsOf(JOINED);
  expect(joined.script).toBe(script);
  const own = policyIn(joined.page);
  const closed = policyOf([sha256(script, 'base64')], sha256(style, 'base64'));
  expect(own).toBe(closed);
  expect(own).toContain("connect-src 'none'");
  // Before everything that it governs.
  const at = joined.page.indexOf('Content-Security-Policy');
  expect(joined.page.slice(0, at).match(/<\w+/g)).toEqual(['<html', '<head', '<meta', '<meta']);
  const scripts = [joined.shell, script].map((text) => sha256(text, 'base64'));
  expect(policyIn(JOINED)).toBe(policyOf(scripts, sha256(style, 'base64'), ANY_SERVICE));
  // The sealed page, whose shell can send nothing, gives its frame no policy and no name.
  expect(page).not.toContain('Content-Security-Policy');
  for (const words of ['/v1/', 'fetch(', 'location.host']) {
    expect(joined.shell.replace(joined.page, '')).toContain(words);
    expect(shell.replaceAll(script, '').split('srcdoc')[0]).not.toContain(words);
  }
});

test('docs/page.md has what each part of the page costs', async () => {
  const texts = Object.values(LANGUAGES).map((strings) =>
    Buffer.byteLength(JSON.stringify(strings)),
  );
  const modules = html.match(/[A-Za-z0-9+/=]{10000,}/g)!;
  const parts = {
    'the decoders of JPEG and WebP, as WebAssembly': modules.join('').length,
    'texts in five languages': texts.reduce((sum, bytes) => sum + bytes),
    style: style.length,
  };
  const known = Object.values(parts).reduce((sum, bytes) => sum + bytes);
  const rows = Object.entries({
    ...parts,
    'hashing, variants, matching and the page itself': Buffer.byteLength(html) - known,
  }).map(([part, bytes]) => [part, `${Math.round(bytes / 1000)}`]);
  rows.unshift(['part', 'kB']);
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = ([part, kB]: string[]) =>
    `| ${part!.padEnd(widths[0]!)} | ${kB!.padStart(widths[1]!)} |`;
  const dashes = `| ${'-'.repeat(widths[0]!)} | ${'-'.repeat(widths[1]! - 1)}: |`;
  const table = [line(rows[0]!), dashes, ...rows.slice(1).map(line)].join('\n');
  const path = join(ROOT, 'docs/page.md');
  const [before, , after] = readFileSync(path, 'utf8').split(/(\n\| part .*?\|\n)(?=\n)/s);
  await expect(`${before}\n${table}\n${after}`).toMatchFileSnapshot(path);
});

test('the policy pins two scripts and one style, and allows no connection', () => {
  expect(policy).toBe(
    [
      "default-src 'none'",
      `script-src 'sha256-${sha256(shell, 'base64')}' 'sha256-${sha256(script, 'base64')}' 'wasm-unsafe-eval'`,
      'worker-src blob:',
      "connect-src 'none'",
      'img-src blob:',
      'media-src blob:',
      'frame-src blob:',
      `style-src 'sha256-${sha256(style, 'base64')}'`,
      "form-action 'none'",
      "base-uri 'none'",
    ].join('; '),
  );
  // Before everything that it governs.
  expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<style>'));
});

test('the headers forbid storing, framing, referrers, devices and identity', () => {
  const headers = headersOf(policy);
  expect(headers).toMatchObject({
    'content-security-policy': `${policy}; frame-ancestors 'none'; sandbox ${SANDBOX}`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-dns-prefetch-control': 'off',
  });
  const denied = headers['permissions-policy']!.split(', ');
  for (const feature of ['camera', 'geolocation', 'publickey-credentials-get']) {
    expect(denied).toContain(`${feature}=()`);
  }
  // HTML makes this and a sandbox together a network error.
  expect(headers).not.toHaveProperty('cross-origin-opener-policy');
});

test('docs/page.md has what the header of a host adds to the policy', () => {
  const doc = readFileSync(join(ROOT, 'docs/page.md'), 'utf8');
  expect(doc).toContain(`\`; frame-ancestors 'none'; sandbox ${SANDBOX}\``);
});

test('both pages of the file forbid name lookups', () => {
  for (const document of [html.replace(shell, ''), page]) {
    expect(document).toContain('<meta http-equiv="x-dns-prefetch-control" content="off">');
  }
});

test('the page is one file: one script, one style, no resources, no inline styles', () => {
  expect(html.match(/<script\b/gi)).toHaveLength(1);
  expect(html.match(/<\/script/gi)).toHaveLength(1);
  expect(html.match(/<style\b/gi)).toHaveLength(1);
  for (const document of [html.replace(shell, ''), page.replace(script, '')]) {
    expect(document).not.toMatch(/<(link|iframe|object|embed|base|img|audio|video|source)\b/i);
  }
  expect(html.match(/\sstyle=/g)).toBeNull();
  expect(between('<style>', '</style>')).not.toMatch(/url\(|@import|@font-face/);
});

test('the script of the page has no call that stores, sends or writes HTML', () => {
  const words =
    /localStorage|sessionStorage|indexedDB|document\.cookie|caches\.(?:open|match|keys)|serviceWorker|sendBeacon|WebSocket|RTCPeerConnection|EventSource|innerHTML|insertAdjacentHTML|document\.write/g;
  // The decoders' loaders contain `fetch` and `console`. They are given their code, and the policy
  // forbids the rest.
  expect(between('<script>', '</script>').match(words)).toBeNull();
});

test.each([
  ['page', html],
  ['page that sends', JOINED],
])('the %s contains no other addresses than these', (_, text) => {
  const named = [...text.matchAll(/https?:\/\/[a-z0-9.-]+/g)].map(([url]) => url);
  expect(new Set(named)).toEqual(
    new Set([
      'https://stopncii.org',
      'https://takeitdown.ncmec.org',
      'https://revengepornhelpline.org.uk',
      'https://cybercivilrights.org',
      'https://www.iwf.org.uk',
      'https://www.childline.org.uk',
      'https://report.cybertip.org',
      'https://www.incibe.es',
      'https://3018.fr',
      'https://cybercrime.gov.in',
      'https://www.wikipedia.org',
      // The name of SVG, which nothing fetches.
      'http://www.w3.org',
    ]),
  );
});

describe.each(Object.entries(LANGUAGES))('in %s', (_, strings) => {
  test('no text promises too much', () => {
    const words = JSON.stringify(strings);
    expect(words).not.toMatch(
      /anonym|irreversib|anónim|irreversible|anonyme|مجهول|गुमनाम|cannot be turned back/i,
    );
  });
});
