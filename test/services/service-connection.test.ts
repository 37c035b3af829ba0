import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkedBriefly } from '../../src/door.js';
import { FormatError } from '../../src/errors.js';
import {
  type FakeReply,
  type FakeService,
  startFakeService,
} from '../../src/services/fake-service.js';
import { ServiceConnection, type ServiceRequest } from '../../src/services/service-connection.js';
import { ServiceError } from '../../src/services/service-error.js';
import {
  basicAuthorization,
  checkCredential,
  SERVICE_OPTIONS,
  type ServiceOptions,
} from '../../src/services/service-options.js';

const SECRET = 'secret-of-the-caller';

let service: FakeService;
let answer: FakeReply;
let waits: number[];
beforeEach(async () => {
  answer = { body: 'fine' };
  waits = [];
  vi.spyOn(Math, 'random').mockReturnValue(0);
  service = await startFakeService(() => answer);
});
afterEach(() => {
  vi.restoreAllMocks();
  return service.close();
});

const connect = (options: ServiceOptions = {}) =>
  new ServiceConnection(
    'Fake',
    { authorization: SECRET },
    checked({
      baseUrl: `${service.url}/v1`,
      clock: {
        now: () => 1_000_000,
        wait: async (seconds) => {
          waits.push(seconds);
        },
      },
      ...options,
    }),
  );
const checked = (options: ServiceOptions & { baseUrl: string }) => ({
  ...checkedBriefly(options, SERVICE_OPTIONS),
  baseUrl: options.baseUrl,
});
const REQUEST: ServiceRequest<string> = {
  method: 'GET',
  path: '/things',
  query: { token: SECRET },
  name: 'Things',
  read: (text) => text,
};

/** The error of a call; it must not tell the secret. */
async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  const error = await call.then(
    () => expect.fail('was answered'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ServiceError);
  const { message, stack, cause } = error as ServiceError;
  expect(`${message} ${stack} ${cause} ${JSON.stringify(error)}`).not.toContain(SECRET);
  return error as ServiceError;
}

test('a request goes below the base URL, with the headers of the connection', async () => {
  expect(await connect().send(REQUEST)).toBe('fine');
  expect(service.requests).toHaveLength(1);
  const { method, path, query, headers } = service.requests[0]!;
  expect({ method, path, query: `${query}` }).toEqual({
    method: 'GET',
    path: '/v1/things',
    query: `token=${SECRET}`,
  });
  expect(headers).toMatchObject({ authorization: SECRET });
});

test.each([
  ['status', { kind: 'status', status: 503 }, 'unavailable', 503],
  ['busy', { kind: 'status', status: 429 }, 'busy', 429],
  ['reset', { kind: 'reset' }, 'unreachable', undefined],
  ['cut', { kind: 'cut' }, 'unreachable', undefined],
  ['stall', { kind: 'stall' }, 'timeout', undefined],
  ['stall in the body', { kind: 'stall', afterBytes: 2 }, 'timeout', undefined],
] as const)('%s: a read is tried again and a post is not', async (kind, fault, code, status) => {
  // Only what stalls has to wait for its end.
  const timeoutSeconds = kind.startsWith('stall') ? 0.5 : 10;
  const connection = connect({ timeoutSeconds, tries: 2 });
  service.fail(fault);
  expect(await connection.send(REQUEST)).toBe('fine');
  expect(waits).toEqual([1]);
  service.fail(fault, { times: 2 });
  const error = await errorOf(connection.send(REQUEST));
  expect(error).toMatchObject({ code });
  expect(error.status).toBe(status);
  expect(error.message).toMatch(/^Fake: Things was (not )?answered.*, on try 2$/);
  const asked = service.requests.length;
  service.fail(fault);
  const post = { ...REQUEST, method: 'POST', body: { type: 'text/plain', text: 'x' } } as const;
  expect(await errorOf(connection.send(post))).toMatchObject({ code });
  expect(service.requests).toHaveLength(asked + 1);
});

test('a write that may be repeated is', async () => {
  service.fail({ kind: 'cut' });
  await connect().send({ ...REQUEST, method: 'PUT', repeatable: true });
  expect(service.requests.map(({ method }) => method)).toEqual(['PUT', 'PUT']);
});

test.each([
  [400, 'rejected'],
  [401, 'unauthorized'],
  [403, 'unauthorized'],
  [404, 'rejected'],
  [302, 'redirected'],
] as const)('%i is %s at once', async (status, code) => {
  service.fail({ kind: 'status', status, headers: { location: `${service.url}/elsewhere` } });
  expect(await errorOf(connect().send(REQUEST))).toMatchObject({ code, status });
  expect(service.requests).toHaveLength(1);
});

test.each([
  ['7', 7],
  ['Thu, 01 Jan 1970 00:16:50 GMT', 10],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 1],
  ['soon', 1],
  ['-1', 1],
])('waits as Retry-After: %s states', async (value, seconds) => {
  service.fail({ kind: 'status', status: 429, headers: { 'retry-after': value } });
  await connect().send(REQUEST);
  expect(waits).toEqual([seconds]);
});

test('does not wait for more than five minutes', async () => {
  service.fail({ kind: 'status', status: 503, headers: { 'retry-after': '301' } });
  const error = await errorOf(connect().send(REQUEST));
  expect(error).toMatchObject({ code: 'unavailable', retryAfterSeconds: 301 });
  expect(waits).toEqual([]);
});

test('waits grow to a minute and are shortened by up to half at random', async () => {
  service.fail({ kind: 'status' }, { times: 9 });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  await connect({ tries: 10 }).send(REQUEST);
  expect(waits).toEqual([0.75, 1.5, 3, 6, 12, 24, 45, 45, 45]);
});

test('a reply that cannot be read counts as cut', async () => {
  let reads = 0;
  const read = () => {
    if (++reads < 3) throw new FormatError('bad-reply', 'expected a JSON object');
    return 'read';
  };
  expect(await connect().send({ ...REQUEST, read })).toBe('read');
  reads = -9;
  const error = await errorOf(connect().send({ ...REQUEST, read }));
  expect(error).toMatchObject({ code: 'bad-reply', cause: { code: 'bad-reply' } });
});

test('an error of the caller in reading is passed on', async () => {
  const read = () => {
    throw new RangeError('mine');
  };
  await expect(connect().send({ ...REQUEST, read })).rejects.toThrow(RangeError);
  expect(service.requests).toHaveLength(1);
});

test('a reply of more than maxBytes is refused', async () => {
  answer = { body: 'x'.repeat(1001) };
  const error = await errorOf(connect({ maxBytes: 1000 }).send(REQUEST));
  expect(error).toMatchObject({ code: 'too-many-bytes', status: 200 });
  answer = { body: 'x'.repeat(1000) };
  expect(await connect({ maxBytes: 1000 }).send(REQUEST)).toHaveLength(1000);
});

test('no server listens', async () => {
  const other = await startFakeService(() => ({}));
  await other.close();
  const error = await errorOf(connect({ baseUrl: other.url, tries: 1 }).send(REQUEST));
  expect(error).toMatchObject({ code: 'unreachable' });
  expect(error.message).toBe('Fake: Things was not answered (ECONNREFUSED)');
});

describe('the signal', () => {
  test('ends a request that stalls', async () => {
    service.fail({ kind: 'stall' });
    const stop = new AbortController();
    const call = connect().send({ ...REQUEST, signal: stop.signal });
    const aborted = expect(call).rejects.toBe('enough');
    await expect.poll(() => service.requests.length).toBe(1);
    stop.abort('enough');
    await aborted;
  });

  test('ends the wait between two tries', async () => {
    service.fail({ kind: 'status', headers: { 'retry-after': '200' } });
    const stop = new AbortController();
    const connection = new ServiceConnection('Fake', {}, checked({ baseUrl: service.url }));
    const call = connection.send({ ...REQUEST, signal: stop.signal });
    const aborted = expect(call).rejects.toBe('enough');
    await expect.poll(() => service.requests.length).toBe(1);
    stop.abort('enough');
    await aborted;
  });

  test('aborted before keeps anything from being sent', async () => {
    await expect(connect().send({ ...REQUEST, signal: AbortSignal.abort('no') })).rejects.toBe(
      'no',
    );
    expect(service.requests).toEqual([]);
  });
});

test('a link is followed unchanged, on the same origin only', async () => {
  const connection = connect();
  const path = connection.link('/other?cursor=a%2Fb');
  await connection.send({ ...REQUEST, path });
  expect(service.requests[0]!.path).toBe('/other');
  expect(`${service.requests[0]!.query}`).toBe('cursor=a%2Fb');
  for (const link of [
    'https://example.org/',
    '//example.org/',
    `${service.url.replace(/\d+$/, '1')}/`,
    service.url.replace('//', '//user:pass@'),
    'javascript:0',
    `blob:${service.url}/`,
    'http://[',
  ]) {
    expect(() => connection.link(link)).toThrow(ServiceError);
  }
});

test('a link of plain http to the same host is followed by https', () => {
  const connection = connect({ baseUrl: 'https://example.org/v1' });
  expect(connection.link('http://example.org/a?b=http:')).toEqual({
    url: 'https://example.org/a?b=http:',
  });
  expect(() => connection.link('http://example.org:81/')).toThrow(ServiceError);
  expect(() => connection.link('http://example.com/')).toThrow(ServiceError);
});

test.each([
  ['http://example.org'],
  ['ftp://127.0.0.1'],
  ['https://user:pass@example.org'],
  ['https://example.org?key=1'],
  ['https://example.org#a'],
  ['http://127.0.0.1.example.org'],
  ['example.org'],
])('a base URL like %s is refused', (baseUrl) => {
  expect(() => connect({ baseUrl })).toThrow(RangeError);
});

test('http to another machine needs to be allowed', () => {
  expect(connect({ baseUrl: 'http://hma:5000', plainHttp: true })).toBeDefined();
  expect(connect({ baseUrl: 'http://localhost:5000/a' })).toBeDefined();
});

test('a credential with a line break is refused before it is sent, and not quoted', () => {
  for (const wrong of [`${SECRET}\n`, '', ' a', 'ä', 'a\r\nb: c']) {
    expect(() => checkCredential('key', wrong)).toThrow(RangeError);
    expect(
      () => new ServiceConnection('Fake', { a: wrong }, checked({ baseUrl: service.url })),
    ).toThrow('expected each header to be printable ASCII without surrounding blanks');
  }
  expect(() => checkCredential('key', 7)).toThrow(TypeError);
});

test('HTTP basic is as in RFC 7617', () => {
  expect(basicAuthorization({ user: 'Aladdin', password: 'open sesame' })).toBe(
    'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
  );
  for (const user of ['', 'a:b', 'ü']) {
    expect(() => basicAuthorization({ user, password: 'p' })).toThrow(RangeError);
  }
  expect(() => basicAuthorization({ user: 'u' } as never)).toThrow(TypeError);
});
