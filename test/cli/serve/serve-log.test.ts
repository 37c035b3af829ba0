import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { testFolder } from '../../folder.js';
import { onlyhashes, PHOTOS } from '../program.js';
import { eventually, serving } from './serving-program.js';

const LISTED = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const LABEL = 'a-label-of-the-platform';
const FILE_NAME = 'holiday-at-the-sea.jpg';
const ADDRESS = '203.0.113.77';

const folder = testFolder();
const list = join(folder, 'list-of-ours.csv');
let hex: string;
beforeAll(async () => {
  hex = hashToHex((await hashFile(LISTED)).hash);
  writeFileSync(list, `${hex},${LABEL}\n`);
});

test('a line of the log is JSON, without any hash, label, file, address or token', async () => {
  const [token, rule] = (await onlyhashes(['serve', '--new-token', 'curate'])).lines as [
    string,
    string,
  ];
  const tokens = join(folder, 'tokens.json');
  writeFileSync(tokens, `[${rule}]`);
  const authorization = `Bearer ${token}`;
  const form = new FormData();
  form.append('photo', new File([readFileSync(LISTED)], FILE_NAME, { type: 'image/jpeg' }));
  const json = { 'content-type': 'application/json' };
  const requests: [path: string, init: RequestInit, status: number][] = [
    [
      '/v1/match',
      { method: 'POST', body: JSON.stringify({ algorithm: 'pdq', hash: hex }), headers: json },
      200,
    ],
    ['/v1/match', { method: 'POST', body: form }, 200],
    [`/m/lookup?signal_type=pdq&signal=${hex}`, {}, 200],
    [`/c/bank/${LABEL}/content/${hex}`, {}, 501],
    [`/${FILE_NAME}?token=${token}&hash=${hex}`, {}, 404],
    ['/v1/match', { method: 'POST', body: hex, headers: json }, 400],
    ['/v1/status', { headers: { authorization: `Bearer ${token}x` } }, 401],
  ];
  const { out, err, code } = await serving(
    ['-b', list, '--tokens', tokens, '--log-json'],
    async (url, program) => {
      for (const [path, init, status] of requests) {
        const headers = { authorization, 'x-forwarded-for': ADDRESS, ...init.headers };
        const response = await fetch(url + path, { ...init, headers });
        const text = await response.text();
        expect([path, text, response.status]).toEqual([path, text, status]);
      }
      await eventually(() => expect(program.out.trim().split('\n')).toHaveLength(1 + 7));
    },
    {},
  );
  const [first, ...lines] = out.trim().split('\n');
  expect(first).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+ lists: 1, entries: 1, trusted without a token: none$/,
  );
  const records = lines.map((line) => JSON.parse(line));
  expect(records.map(({ status }) => status)).toEqual(requests.map(([, , status]) => status));
  const { name } = JSON.parse(rule);
  expect(records[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    caller: name,
    method: 'POST',
    route: '/v1/match',
    status: 200,
    milliseconds: expect.any(Number),
    facts: expect.objectContaining({ verdict: 'match' }),
  });
  const known = ['id', 'time', 'caller', 'method', 'route', 'status', 'milliseconds'];
  for (const record of records) {
    expect([...known, 'refusal', 'facts']).toEqual(expect.arrayContaining(Object.keys(record)));
  }
  const secrets = [token, JSON.parse(rule).hash, hex, LABEL, FILE_NAME, 'list-of-ours'];
  for (const secret of [...secrets, ADDRESS, '127.0.0.1', '::1']) {
    expect(lines.join('\n')).not.toContain(secret);
    expect(err).not.toContain(secret);
  }
  expect(code).toBe(0);
});

test('without JSON, a line has six words', async () => {
  const { out } = await serving(['-b', list], async (url, program) => {
    await fetch(`${url}/health/live?hash=${hex}`);
    await fetch(`${url}/nowhere`);
    await eventually(() => expect(program.out.trim().split('\n')).toHaveLength(3));
  });
  const [, ...lines] = out.trim().split('\n');
  expect(lines[0]).toMatch(/^\S+Z - GET \/health\/live 200 \d+$/);
  expect(lines[1]).toMatch(/^\S+Z - GET - 404 \d+$/);
});
