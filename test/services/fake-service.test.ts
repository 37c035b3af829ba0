import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type FakeRequest,
  type FakeService,
  type Fault,
  reordered,
  startFakeService,
} from '../../src/services/fake-service.js';

let service: FakeService;
let answered: FakeRequest[];
beforeEach(async () => {
  answered = [];
  service = await startFakeService((request) => {
    answered.push(request);
    if (request.path === '/throw') throw new Error('in the service');
    return { status: 201, headers: { 'x-told': 'yes' }, body: { path: request.path } };
  });
});
afterEach(() => service.close());

/** The status and body of a request; what went wrong with it, if it did. */
const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
  try {
    const reply = await fetch(service.url + path, { signal: AbortSignal.timeout(500), ...init });
    return `${reply.status} ${await reply.text()}`;
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'stalled' : 'broken';
  }
};

test('answers over HTTP and records the requests', async () => {
  const reply = await fetch(`${service.url}/a?b=c&b=d`, {
    method: 'POST',
    body: 'text',
    headers: { 'X-Asked': '1' },
  });
  expect(reply.status).toBe(201);
  expect(reply.headers.get('x-told')).toBe('yes');
  expect(await reply.json()).toEqual({ path: '/a' });
  expect(service.requests).toEqual(answered);
  const { method, path, query, headers, body } = service.requests[0]!;
  expect({ method, path, body }).toEqual({ method: 'POST', path: '/a', body: 'text' });
  expect(query.getAll('b')).toEqual(['c', 'd']);
  expect(headers['x-asked']).toBe('1');
  expect(await ask('/throw')).toMatch(/^500/);
});

test('text is answered unchanged', async () => {
  const other = await startFakeService(() => ({ body: '<a/>' }));
  const reply = await fetch(other.url);
  expect(`${reply.status} ${await reply.text()}`).toBe('200 <a/>');
  await other.close();
});

test('faults affect a given number of matching requests, after a given number', async () => {
  service.fail({ kind: 'status' }, { times: 2, skip: 1, when: ({ path }) => path === '/a' });
  const all = [];
  for (const path of ['/a', '/b', '/a', '/b', '/a', '/a']) all.push((await ask(path)).slice(0, 3));
  expect(all).toEqual(['201', '201', '503', '201', '503', '201']);
  service.fail({ kind: 'status', status: 418, body: 'tea' }, { times: 9 });
  expect(await ask('/')).toBe('418 tea');
  service.heal();
  expect(await ask('/')).toMatch(/^201/);
});

test.each([
  [{ kind: 'status' }, '503 {}', false],
  [{ kind: 'status', takesEffect: true }, '503 {}', true],
  [{ kind: 'reset' }, 'broken', false],
  [{ kind: 'cut' }, 'broken', true],
  [{ kind: 'cut', afterBytes: 0 }, 'broken', true],
  [{ kind: 'cut', takesEffect: false }, 'broken', false],
  [{ kind: 'stall' }, 'stalled', true],
  [{ kind: 'stall', afterBytes: 3 }, 'stalled', true],
] as [Fault, string, boolean][])('%j: %s, and done: %s', async (fault, outcome, isDone) => {
  service.fail(fault);
  expect(await ask('/a')).toBe(outcome);
  expect(answered).toHaveLength(isDone ? 1 : 0);
  expect(service.requests).toHaveLength(1);
  expect(await ask('/a')).toMatch(/^201/);
});

test('closing ends stalled requests', async () => {
  const other = await startFakeService(() => ({}));
  other.fail({ kind: 'stall' });
  const call = fetch(other.url).then(
    () => 'answered',
    () => 'ended',
  );
  while (other.requests.length === 0) await new Promise((next) => setTimeout(next, 5));
  await other.close();
  expect(await call).toBe('ended');
});

test('reordering is the same for the same seed, and loses nothing', () => {
  const items = Array.from({ length: 50 }, (_, at) => at);
  expect(reordered(items, 7)).toEqual(reordered(items, 7));
  expect(reordered(items, 7)).not.toEqual(reordered(items, 8));
  expect(reordered(items, 7)).not.toEqual(items);
  expect([...reordered(items, 7)].sort((a, b) => a - b)).toEqual(items);
});
