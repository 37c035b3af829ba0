import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { match } from '../../../src/matching/match.js';
import { Access, type AccessOptions, mayDo, networkOf } from '../../../src/server/http/access.js';
import { RateLimit } from '../../../src/server/http/rate-limit.js';
import { Refusal, ROLES, type Role } from '../../../src/server/http/route.js';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import { flipBits } from '../../arbitraries.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { as, served, TOKENS, tokens } from '../served.js';
import { withResolvers } from '../with-resolvers.js';

const nameOf = (options: AccessOptions, address: string, headers: Record<string, string> = {}) => {
  try {
    return new Access(options).callerOf({ headers: new Headers(headers) }, address).name;
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).headers).toEqual({ 'www-authenticate': 'Bearer' });
    return (error as Refusal).code;
  }
};

test('without tokens, this machine may do everything, and others nothing', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    expect(nameOf({}, address)).toBe('loopback');
    expect(nameOf({ tokens }, address)).toBe('unauthorized');
    expect(nameOf({ trustNetworks: [] }, address)).toBe('unauthorized');
  }
  for (const address of ['10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', '', 'localhost']) {
    expect(nameOf({}, address)).toBe('unauthorized');
  }
});

test('a network has a role, in both forms of an address', () => {
  const trustNetworks = [
    { cidr: '10.1.0.0/16', role: 'curate', name: 'coop' },
    { cidr: 'fd00:1::/64', role: 'match' },
    { cidr: '192.0.2.7', role: 'admin' },
  ] as const;
  for (const [address, name] of [
    ['10.1.255.255', 'coop'],
    ['::ffff:10.1.0.1', 'coop'],
    ['10.2.0.0', 'unauthorized'],
    ['fd00:1::ffff', 'fd00:1::/64'],
    ['fd00:1:0:1::', 'unauthorized'],
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.8', 'unauthorized'],
    ['127.0.0.1', 'unauthorized'],
  ]) {
    expect([address, nameOf({ tokens, trustNetworks }, address!)]).toEqual([address, name]);
  }
});

/** Headers that proxies add, by whom. */
const OF_PROXIES = [
  ...['via', 'forwarded', 'cdn-loop', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
  // nginx and its ingress, HAProxy
  ...['x-real-ip', 'x-request-id', 'x-scheme', 'x-forwarded-port', 'x-forwarded-scheme'],
  // Traefik, Apache, IIS, Varnish
  ...['x-forwarded-server', 'x-forwarded-tls-client-cert', 'x-original-url', 'x-arr-log-id'],
  ...['x-original-for', 'x-varnish', 'surrogate-capability'],
  // Envoy, Cloudflare, AWS, Google, Azure, Fastly, Akamai, other load balancers
  ...['x-envoy-external-address', 'x-envoy-expected-rq-timeout-ms', 'cf-connecting-ip', 'cf-ray'],
  ...['x-amzn-trace-id', 'x-amz-cf-id', 'cloudfront-viewer-address', 'x-cloud-trace-context'],
  ...['x-azure-clientip', 'x-azure-ref', 'fastly-client-ip', 'fastly-ff', 'x-akamai-edgescape'],
  ...['akamai-origin-hop', 'true-client-ip', 'x-client-ip', 'x-cluster-client-ip', 'client-ip'],
];

test('an address gives no role through a proxy or a browser, or for a foreign host name', () => {
  for (const headers of [
    ...OF_PROXIES.map((name) => ({ [name]: 'localhost' })),
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { host: 'evil.test' },
    { host: 'localhost.evil.test:8080' },
    { host: '127.0.0.1.evil.test' },
  ]) {
    expect([headers, nameOf({}, '127.0.0.1', headers)]).toEqual([headers, 'unauthorized']);
  }
  for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '[::1]:65535', '127.1.2.3']) {
    expect(nameOf({}, '127.0.0.1', { host })).toBe('loopback');
  }
});

test('any header that begins like a proxy’s needs a token, and no other does', () => {
  const rest = fc.stringMatching(/^[a-z-]{0,12}$/);
  const beginning = fc.constantFrom('X-Forwarded', 'x-envoy-', 'CF-', 'x-Amzn-');
  fc.assert(
    fc.property(beginning, rest, (first, last) => {
      expect(nameOf({}, '::1', { [first + last]: '' })).toBe('unauthorized');
      const trustNetworks = [{ cidr: '10.0.0.0/8', role: 'match' }] as const;
      expect(nameOf({ trustNetworks }, '10.0.0.1', { [first + last]: 'x' })).toBe('unauthorized');
    }),
  );
  // As curl, Node, Python, Java, Prometheus and tracers send them.
  for (const name of [
    ...['accept', 'accept-encoding', 'accept-language', 'connection', 'content-type', 'expect'],
    ...['user-agent', 'cache-control', 'pragma', 'upgrade', 'sec-fetch-mode', 'idempotency-key'],
    ...['traceparent', 'tracestate', 'baggage', 'x-prometheus-scrape-timeout-seconds', 'if-match'],
  ]) {
    expect([name, nameOf({}, '::1', { [name]: 'x' })]).toEqual([name, 'loopback']);
  }
  const authorization = `Bearer ${TOKENS.match}`;
  expect(nameOf({ tokens }, '', { authorization, 'cf-ray': 'x' })).toBe('the match');
});

test('a network must use a host name that no stranger can have, or a configured one', () => {
  const trustNetworks = [
    { cidr: '10.0.0.0/8', role: 'match', name: 'known' },
    { cidr: '::1', role: 'match', name: 'here' },
  ] as const;
  const hostNames = ['Hashes.Example.org'];
  for (const host of [
    ...['10.0.0.5', '10.0.0.5:8080', '[fd00::1]', '[fd00::1]:8080', 'onlyhashes', 'only-hashes:80'],
    ...['hashes.internal', 'hashes.local:8080', 'a.b.svc', 'a.b.svc.cluster.local', 'X.LOCALHOST'],
    ...['hashes.home.arpa', 'hashes.example.org', 'HASHES.example.org:8080'],
  ]) {
    expect([host, nameOf({ trustNetworks, hostNames }, '10.0.0.1', { host })]).toEqual([
      ...[host, 'known'],
    ]);
  }
  for (const host of [
    ...[
      'evil.test',
      'evil.test:8080',
      'hashes.internal.evil.test',
      'internal.',
      '10.0.0.5.evil.test',
    ],
    ...['xlocal.test', 'evil.test:', 'a.hashes.example.org', '', '[::1', 'evilinternal.test'],
    ...['a.xlocal', 'a.xinternal', 'a.xsvc', 'a.xhome.arpa', 'a.localx', 'a.localhostx'],
    ...['a.example.org, hashes.example.org', 'http://onlyhashes', 'home.arpa.test', 'a.arpa'],
  ]) {
    expect([host, nameOf({ trustNetworks, hostNames }, '10.0.0.1', { host })]).toEqual([
      ...[host, 'unauthorized'],
    ]);
  }
  expect(nameOf({ trustNetworks }, '10.0.0.1')).toBe('known');
  expect(nameOf({ trustNetworks }, '10.0.0.1', { host: 'hashes.example.org' })).toBe(
    'unauthorized',
  );
  // On loopback a name of the network is a stranger's, unless it is given.
  expect(nameOf({ trustNetworks }, '::1', { host: 'onlyhashes' })).toBe('unauthorized');
  expect(nameOf({ trustNetworks, hostNames }, '::1', { host: 'hashes.example.org' })).toBe('here');
  // Whoever has a token may use any name.
  const authorization = `Bearer ${TOKENS.match}`;
  expect(nameOf({ tokens }, '10.0.0.1', { authorization, host: 'evil.test' })).toBe('the match');
});

test('a token is known by its hash; an unknown one counts as none, another scheme as wrong', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  for (const role of ROLES) {
    expect(nameOf({ tokens }, '', bearer(TOKENS[role]))).toBe(`the ${role}`);
    expect(nameOf({ tokens }, '8.8.8.8', { authorization: `bearer   ${TOKENS[role]}` })).toBe(
      `the ${role}`,
    );
  }
  const { hash } = tokens[2]!;
  const trustNetworks = [{ cidr: '0.0.0.0/0', role: 'admin' }] as const;
  for (const authorization of [
    ...['', 'Bearer', 'Bearer ', `Basic ${TOKENS.admin}`, TOKENS.admin],
    `Bearer ${TOKENS.admin} x`,
  ]) {
    expect(nameOf({ tokens, trustNetworks }, '127.0.0.1', { authorization })).toBe('unauthorized');
  }
  for (const token of [hash, `${TOKENS.admin}x`, TOKENS.admin.slice(1)]) {
    const headers = bearer(token);
    expect(nameOf({ tokens, trustNetworks }, '127.0.0.1', headers)).toBe('0.0.0.0/0');
    expect(nameOf({ tokens }, '127.0.0.1', headers)).toBe('unauthorized');
  }
});

test('a session belongs to the token whose hash it has, and to no longer or shorter one', () => {
  const access = new Access({ tokens });
  const { hash } = tokens[1]!;
  expect(access.callerOfHash(hash)?.name).toBe('the curate');
  for (const other of [`${hash}00`, hash.slice(2), '', 'no hex', tokenHash('x'.repeat(30))]) {
    expect(access.callerOfHash(other)).toBe(undefined);
  }
});

test('two rules of one name, or an invalid rule, are refused at the start', () => {
  const token = tokens[0]!;
  for (const options of [
    { tokens: [token, token] },
    { tokens: [{ ...token, hash: TOKENS.match }] },
    { tokens: [{ ...token, role: 'public' as Role }] },
    { tokens: [{ ...token, requestsPerSecond: 0 }] },
    { tokens: [token], trustNetworks: [{ cidr: '::1', role: 'match', name: token.name }] },
    { trustNetworks: [{ cidr: '10.0.0.0/33', role: 'match' }] },
    { trustNetworks: [{ cidr: '10.0.0/8', role: 'match' }] },
    { trustNetworks: [{ cidr: 'fd00::/129', role: 'match' }] },
    { trustNetworks: [{ cidr: 'localhost', role: 'match' }] },
    { hostNames: ['hashes.example.org:8080'] },
    { hostNames: [''] },
    { hostNames: 'hashes' as unknown as string[] },
    { hostNames: [1] as unknown as string[] },
  ] as AccessOptions[]) {
    expect(() => new Access(options)).toThrow(/^expected/);
  }
});

test('a network holds the addresses whose first bits are its own', () => {
  const address = fc.nat({ max: 2 ** 32 - 1 });
  const dotted = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.');
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), (network, other, bits) => {
      const list = networkOf(`${dotted(network)}/${bits}`);
      const isIn = bits === 0 || network >>> (32 - bits) === other >>> (32 - bits);
      expect(list.check(dotted(other))).toBe(isIn);
      expect(list.check(`::ffff:${dotted(other)}`, 'ipv6')).toBe(isIn);
      expect(list.check(dotted(network))).toBe(true);
    }),
  );
});

test('what each role may do', () => {
  const may = ROLES.map((role) => [role, ROLES.filter((needed) => mayDo(role, needed))]);
  expect(Object.fromEntries(may)).toEqual({
    match: ['match'],
    curate: ['match', 'curate'],
    admin: ['match', 'curate', 'admin', 'desk', 'feed'],
    desk: ['desk'],
    feed: ['feed'],
  });
});

test('over HTTP: 401 without a token, 403 with too low a role, and the address is the peer', async () => {
  await served(
    async ({ url, logs }) => {
      const status = async (init: RequestInit = {}) => (await fetch(`${url}/c`, init)).status;
      expect(await status()).toBe(401);
      expect(await status(as('match'))).toBe(403);
      expect(await status(as('curate'))).toBe(200);
      expect(await status(as('admin'))).toBe(200);
      expect(logs.map(({ caller }) => caller)).toEqual([
        ...[undefined, 'the match', 'the curate', 'the admin'],
      ]);
      const challenge = (await fetch(`${url}/c`)).headers.get('www-authenticate');
      expect(challenge).toBe('Bearer');
      expect(JSON.stringify(logs)).not.toMatch(/token-of|127\.0\.0/);
    },
    { routes: [curated] },
  );
  await served(
    async ({ url }) => {
      expect((await fetch(`${url}/c`)).status).toBe(200);
      const forwarded = { headers: { 'x-forwarded-for': '127.0.0.1' } };
      expect((await fetch(`${url}/c`, forwarded)).status).toBe(401);
    },
    { tokens: [], routes: [curated] },
  );
});

const curated = {
  method: 'GET',
  path: '/c',
  role: 'curate',
  about: 'For curators.',
  replies: { 200: undefined },
  answer: () => new Response('yes'),
} as const;

test('requests and answers are limited by caller, which learns when to retry', () => {
  let now = 0;
  const limit = new RateLimit(() => now);
  const caller = (name: string) => ({
    ...{ name, role: 'match' as const },
    limits: { requestsPerSecond: 2, answersPerDay: 5 },
  });
  const retry = (work: () => void) => {
    try {
      work();
      return 'done';
    } catch (error) {
      expect((error as Refusal).status).toBe(429);
      return Number((error as Refusal).headers['retry-after']);
    }
  };
  const [a, b] = [caller('a'), caller('b')];
  expect([1, 2, 3, 4].map(() => retry(() => limit.countRequest(a)))).toEqual(Array(4).fill('done'));
  expect(retry(() => limit.countRequest(a))).toBe(1);
  expect(retry(() => limit.countRequest(b))).toBe('done');
  now += 500;
  expect(retry(() => limit.countRequest(a))).toBe('done');
  expect(retry(() => limit.countRequest(a))).toBe(1);
  now += 1e9;
  expect([1, 2, 3, 4].map(() => retry(() => limit.countRequest(a)))).toEqual(Array(4).fill('done'));
  expect(retry(() => limit.countRequest(a))).toBe(1);
  now = 2e9;
  expect(retry(() => limit.countAnswers(b, 3))).toBe('done');
  now += 3_600_000;
  expect(retry(() => limit.countAnswers(b, 3))).toBe(23 * 3600);
  expect(retry(() => limit.countAnswers(b, 2))).toBe('done');
  expect(retry(() => limit.countAnswers(b, 1))).toBe(23 * 3600);
  now += 23 * 3_600_000;
  expect(retry(() => limit.countAnswers(b, 5))).toBe('done');
});

test('a request takes a token for each 25 searches, more than there are if it is the only one', () => {
  let now = 0;
  const limit = new RateLimit(() => now);
  const limits = { requestsPerSecond: 10 };
  const caller = { name: 'a', role: 'match', limits } as const;
  const ask = (hashes: number) => {
    limit.countRequest(caller);
    limit.countAnswers(caller, 1);
    limit.countAnswers(caller, hashes - 1);
  };
  // 20 may come at once: of these, two have two tokens.
  for (let i = 0; i < 16; i++) ask(25);
  for (let i = 0; i < 2; i++) ask(26);
  expect(() => ask(1)).toThrow('fewer requests per second');
  now += 1000;
  limit.countRequest(caller);
  expect(() => limit.countAnswers(caller, 599)).toThrow('fewer hashes per second');
  now += 3000;
  // Nothing else was asked for: it has 24 of 20, and is waited for.
  ask(600);
  now += 400;
  expect(() => ask(1)).toThrow('fewer requests per second');
  now += 101;
  ask(1);
});

test('searches of a picture are reserved first, and counted when they are known', async () => {
  let now = 0;
  const limit = new RateLimit(() => now);
  const limits = { requestsPerSecond: 10, answersPerDay: 300 };
  const caller = { name: 'a', role: 'match', limits } as const;
  const hash = flipBits(BASE, ORDER, 1);
  const list = createBlocklist([]);
  async function* variants(count: number) {
    for (let i = 0; i < count; i++) yield { name: 'stored' as const, hash };
  }
  const check = async (count: number) => {
    limit.countAnswers(caller, 1);
    return await limit.countSearches(caller, list, (counted) => counted(variants(count), {}));
  };
  const held = withResolvers();
  limit.countAnswers(caller, 1);
  const first = limit.countSearches(caller, list, () => held.promise);
  // 160 are set aside for it, and what is left for the second.
  const second = check(100);
  await expect(check(1)).rejects.toThrow('fewer answers per day');
  held.resolve();
  await Promise.all([first, second]);
  // 101 are counted: 199 are left, of which the next picture has its own alone.
  limit.countAnswers(caller, 198);
  await expect(check(1)).rejects.toThrow('fewer answers per day');
  now += 86_400_000;
  await check(140);
  limit.countAnswers(caller, 158);
  // One is left beside its own: it goes over.
  await check(150);
  expect(() => limit.countAnswers(caller, 1)).toThrow('fewer answers per day');
  // Of 20 tokens 5, 6 and 5 are taken by searches.
  for (let i = 0; i < 4; i++) limit.countRequest(caller);
  expect(() => limit.countRequest(caller)).toThrow('fewer requests per second');
});

test('a counting list decides as the list itself', async () => {
  const limit = new RateLimit(() => 0);
  const caller = { name: 'a', role: 'match', limits: {} } as const;
  const list = createBlocklist([{ hash: flipBits(BASE, ORDER, 1), labels: [] }]);
  const told: unknown[] = [];
  let isClosed = false;
  async function* variants() {
    try {
      for (const bits of [50, 3, 2]) {
        told.push(yield { name: 'stored' as const, hash: flipBits(BASE, ORDER, bits) });
      }
    } finally {
      isClosed = true;
    }
  }
  const looking = () => Object.defineProperty(variants(), 'looksCloser', { value: true });
  const counted = await limit.countSearches(caller, list, (one) => one(looking(), {}));
  expect([told.length, isClosed]).toEqual([1, true]);
  expect(told[0]).toMatchObject({ distance: 49 });
  expect(counted).toEqual(await match(looking(), list));
  expect(counted).toMatchObject({ verdict: 'match', refined: true });
});

test('a caller over its rate is refused by 429, and another is served', async () => {
  await served(
    async ({ url, logs }) => {
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push((await fetch(`${url}/c`, as('curate'))).status);
      expect(statuses).toEqual([200, 429, 429, 429]);
      expect((await fetch(`${url}/c`, as('admin'))).status).toBe(200);
      expect(logs[3]).toMatchObject({ refusal: 'too-many', caller: 'the curate' });
      // Who watches the service is not limited.
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
    },
    {
      routes: [curated],
      tokens: tokens.map((token) => ({ ...token, requestsPerSecond: 0.001 })).slice(1),
    },
  );
});
