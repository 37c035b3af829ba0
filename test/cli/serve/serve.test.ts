import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { hashesOf, uniformHashes } from '../../../bench/workloads.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex, hexOf } from '../../../src/hash.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { testFolder } from '../../folder.js';
import { saveList } from '../../node/files/saved-list.js';
import { onlyhashes, PHOTOS } from '../program.js';
import { eventually, serving, verdictOf } from './serving-program.js';

const OTHER = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0';
const HEX = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22';

const folder = testFolder();
const list = join(folder, 'list.csv');
beforeAll(() => {
  writeFileSync(list, `${HEX}\n`);
});

test.each([
  ['a list', () => ['-b', list], 'lists: 1, entries: 1'],
  ['a store', () => ['--store', join(folder, 'store')], 'lists: 0, entries: 0, revision: 0'],
])('%s is served until a signal, and ends with 0', async (_, args, size) => {
  const { code, out } = await serving(args(), async (url) => {
    expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({
      status: 'ready',
    });
  });
  expect(out.split('\n')[0]).toContain(size);
  expect(code).toBe(0);
});

test('/ leads to the pages and the document, and a file is uploaded as curl -T does', async () => {
  const args = ['--store', join(folder, 'reviewed'), '--review-days', '30'];
  const { out, code } = await serving(args, async (url) => {
    const html = await (await fetch(url)).text();
    for (const [, link] of html.matchAll(/href="(.*?)"/g)) {
      // Without a session, the pages lead to the sign-in.
      const { status } = await fetch(`${url}/${link}`, { redirect: 'manual' });
      expect([link, status]).toEqual(link === 'review' ? [link, 303] : ['openapi.json', 200]);
    }
    expect(html.match(/href=/g)).toHaveLength(2);
    const body = readFileSync(join(PHOTOS, 'nagasaki-boats-q40.jpg'));
    const response = await fetch(`${url}/v1/match`, { method: 'PUT', body });
    expect(await response.json()).toMatchObject({ answered: true, decision: { verdict: 'none' } });
  });
  expect(out).toMatch(/ PUT \/v1\/match 200 /);
  expect(code).toBe(0);
});

test('a blocklist file is served with its withdrawals', async () => {
  const file = join(folder, 'blocklist.ohb');
  const blocklist = createBlocklist(
    [HEX, OTHER].map((hex) => ({ hash: hashFromHex('pdq', hex), labels: [] })),
  );
  await blocklist.apply({ withdraw: [{ ...hashFromHex('pdq', OTHER), reason: 'a mistake' }] });
  await saveList(file, blocklist);
  const { code, out } = await serving(['-b', file], async (url) => {
    expect(await verdictOf(url, HEX)).toBe('match');
    expect(await verdictOf(url, OTHER)).toBe('none');
  });
  expect(out).toContain('lists: 1, entries: 1, ');
  expect(code).toBe(0);
});

test('an older copy of the file is refused, and later withdrawals stay', async () => {
  const file = join(folder, 'followed.ohb');
  const hashes = [HEX, OTHER].map((hex) => hashFromHex('pdq', hex));
  await saveList(file, createBlocklist(hashes.map((hash) => ({ hash, labels: [] }))));
  const older = readFileSync(file);
  const { err, code } = await serving(['-b', file], async (url) => {
    const health = async () => await (await fetch(`${url}/health/ready`)).json();
    await (await openBlocklist(file)).apply({ withdraw: [hashes[1]!] });
    await eventually(async () => expect(await verdictOf(url, OTHER)).toBe('none'));
    const newer = readFileSync(file);
    // As a backup is put back.
    writeFileSync(`${file}.backup`, older);
    renameSync(`${file}.backup`, file);
    const problem = { status: 'ready', problem: 'old-generation' };
    await eventually(async () => expect(await health()).toEqual(problem));
    expect(await verdictOf(url, OTHER)).toBe('none');
    expect(await verdictOf(url, HEX)).toBe('match');
    expect(readFileSync(file).equals(older)).toBe(true);
    writeFileSync(file, newer);
    await eventually(async () => expect(await health()).toEqual({ status: 'ready' }));
    expect(await verdictOf(url, OTHER)).toBe('none');
  });
  expect(err).toContain('the list: ');
  expect(err).toContain('the list: following it again\n');
  expect(err).not.toContain(file);
  expect(code).toBe(0);
});

test('workers share the list, and answer as it does', async () => {
  const file = join(folder, 'large.ohb');
  const hashes = hashesOf(uniformHashes(20_000, 21).bytes);
  await saveList(file, createBlocklist(hashes.map((hash) => ({ hash, labels: [] }))));
  const { code, out } = await serving(['-b', file, '--workers', '2'], async (url) => {
    const near = hashes[7]!.bytes.slice();
    // 40 bits off, for review: 20 near each end.
    for (let bit = 0; bit < 40; bit++)
      near[bit < 20 ? bit >> 3 : 31 - (bit >> 3)]! ^= 1 << (bit & 7);
    const metric = async (name: string) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    };
    expect(await metric('onlyhashes_search_threads')).toBe(2);
    expect(await metric('onlyhashes_search_bytes')).toBeGreaterThan(32 * hashes.length);
    expect(await verdictOf(url, hexOf(near))).toBe('review');
    expect(await verdictOf(url, hexOf(hashes[9]!.bytes))).toBe('match');
    expect(await verdictOf(url, OTHER)).toBe('none');
    expect(await metric('onlyhashes_thread_searches_total')).toBe(3);
  });
  expect(out).toContain('entries: 20000');
  expect(code).toBe(0);
});

test.each([
  ['--port', () => ['-b', list]],
  ['--clamd', () => ['-b', list, '--port', '0']],
])('a port of %s that is in use is reported, and nothing is left behind', async (option, args) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const place = option === '--port' ? `${port}` : `127.0.0.1:${port}`;
  try {
    const { err, lines, code } = await onlyhashes(['serve', ...args(), option, place]);
    expect(err).toBe(`onlyhashes: ${option}: cannot listen: EADDRINUSE\n`);
    expect(lines).toEqual([]);
    expect(code).toBe(2);
  } finally {
    taken.close();
  }
});

test('only tokens of the file give access', async () => {
  const [token, rule] = (await onlyhashes(['serve', '--new-token', 'match'])).lines;
  const tokens = join(folder, 'tokens.json');
  writeFileSync(tokens, `[${rule}]`);
  const { out } = await serving(['-b', list, '--tokens', tokens], async (url) => {
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${url}/v1/status`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
  });
  expect(out).toMatch(/^http.*, trusted without a token: none\n/);
});

test.each([
  [[], 'loopback=admin', 501],
  [
    ['--trust-network', '127.0.0.1=match,10.0.0.0/8=curate'],
    '127.0.0.1=match,10.0.0.0/8=curate',
    403,
  ],
])('the first line names the callers that need no token: %j', async (args, trusted, curating) => {
  const { out } = await serving(['-b', list, ...args], async (url) => {
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${url}/c/banks`, { headers })).status;
    // Admitted, but a list in a file has no banks; or admitted for less.
    expect(await status({})).toBe(curating);
    // A proxy on this machine.
    expect(await status({ 'x-forwarded-proto': 'https' })).toBe(401);
  });
  expect(out.split('\n')[0]).toMatch(new RegExp(`, trusted without a token: ${trusted}$`));
});

test.each([
  [['-b', 'nowhere', '--host', '0.0.0.0'], '--tokens FILE'],
  [['-b', 'nowhere', '--trust-network', '10.0.0.0/8'], 'CIDR=ROLE'],
  [['-b', 'nowhere', '--clamd', 'here'], '--clamd: expected HOST:PORT'],
  [['-b', 'nowhere', '--clamd', '0.0.0.0:3310'], '--clamd: other machines could connect'],
  [['-b', 'nowhere', '--clamd', '[::]:3310', '--host', '::1'], '--clamd: other machines'],
  [['-b', 'nowhere', '--host-name', 'hashes.example.org:80'], 'hostNames'],
  [['-b', 'nowhere', '--store', 'nowhere'], 'not both'],
])('%j is refused before anything is opened', async (args, message) => {
  const { err, code } = await onlyhashes(['serve', ...args]);
  expect(err).toContain(message);
  expect(code).toBe(2);
});
