import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AddressLimit, addressOf } from '../../../src/server/http/address-limit.js';
import { Refusal } from '../../../src/server/http/route.js';
import { signInLimit } from '../../../src/server/review/session.js';

/** The seconds after which one may try again; 0: at once. */
function retry(work: () => void): number {
  try {
    work();
    return 0;
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).status).toBe(429);
    return Number((error as Refusal).headers['retry-after']);
  }
}

/** One try with a wrong token. */
const fail = (limit: AddressLimit, address: string) =>
  retry(() => {
    limit.admit(address);
    limit.count(address);
  });

test('ten failures of an address are allowed at once, then one in 30 seconds', () => {
  let now = 5000;
  const limit = signInLimit(() => now);
  for (let i = 0; i < 10; i++) expect(fail(limit, 'a')).toBe(0);
  expect(fail(limit, 'a')).toBe(30);
  now += 29_000;
  expect(fail(limit, 'a')).toBe(1);
  now += 1000;
  // What was refused did not count.
  expect(fail(limit, 'a')).toBe(0);
  expect(fail(limit, 'a')).toBe(30);
  now += 10 * 30_000;
  for (let i = 0; i < 10; i++) expect(fail(limit, 'a')).toBe(0);
  expect(fail(limit, 'a')).toBe(30);
});

test('in all, 200 failures are allowed at once, then one a second; an address without any is admitted', () => {
  let now = 0;
  const limit = signInLimit(() => now);
  for (let i = 0; i < 200; i++) expect(fail(limit, `a${i}`)).toBe(0);
  expect(fail(limit, 'b')).toBe(1);
  expect(retry(() => limit.admit('c'))).toBe(0);
  expect(retry(() => limit.admit('b'))).toBe(0);
  now += 1000;
  expect(fail(limit, 'd')).toBe(0);
  expect(fail(limit, 'e')).toBe(1);
});

test('the limit remembers ten thousand addresses, those that failed last', () => {
  const limit = signInLimit(() => 0);
  for (let i = 0; i < 10; i++) fail(limit, 'a');
  for (let i = 0; i < 10_000 - 1; i++) fail(limit, `b${i}`);
  expect(retry(() => limit.admit('a'))).toBe(30);
  fail(limit, 'one more');
  expect(retry(() => limit.admit('a'))).toBe(0);
});

test('failures of others never refuse an address that did not fail', () => {
  const others = fc.array(fc.tuple(fc.ipV4(), fc.nat(1000)), { maxLength: 300 });
  fc.assert(
    fc.property(others, fc.ipV4(), (failures, mine) => {
      let now = 0;
      const limit = signInLimit(() => now);
      for (const [address, milliseconds] of failures) {
        now += milliseconds;
        if (address !== mine) fail(limit, address);
      }
      expect(retry(() => limit.admit(mine))).toBe(0);
    }),
  );
});

test.each([
  ['2001:db8::1', '2001:db8::ffff:1', true],
  ['2001:db8:0:0:1::', '2001:db8::2', true],
  ['2001:DB8::1', '2001:db8::2', true],
  ['2001:db8:0:1::1', '2001:db8::1', false],
  ['::1', '::2', true],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
  ['fe80::1%eth0', 'fe80::2%eth0', true],
])('%s and %s count as one: %s', (first, second, isOne) => {
  const limit = signInLimit(() => 0);
  for (let i = 0; i < 10; i++) fail(limit, first);
  expect(retry(() => limit.admit(second)) > 0).toBe(isOne);
});

test.each([
  ['8.8.8.8', '203.0.113.1', '8.8.8.8'],
  ['::ffff:8.8.8.8', '203.0.113.1', '8.8.8.8'],
  ['127.0.0.1', '203.0.113.1', '203.0.113.1'],
  ['::ffff:10.0.0.1', '1.2.3.4, 203.0.113.1 ', '203.0.113.1'],
  ['fd00::1', '2001:db8::1', '2001:db8::1'],
  ['', '203.0.113.1', '203.0.113.1'],
  ['10.0.0.1', 'unknown', '10.0.0.1'],
  ['10.0.0.1', '203.0.113.1, ', '10.0.0.1'],
])('from %s, forwarded as %s: %s', (connection, told, address) => {
  const headers = new Headers({ 'x-forwarded-for': told });
  expect(addressOf({ headers }, connection)).toBe(address);
  expect(addressOf({ headers: new Headers() }, '10.0.0.1')).toBe('10.0.0.1');
});

test('after an hour, another salt begins all counts anew', () => {
  let now = 0;
  const limit = signInLimit(() => now);
  for (let i = 0; i < 10; i++) fail(limit, 'a');
  now += 3_599_999;
  for (let i = 0; i < 10; i++) expect(fail(limit, 'a')).toBe(0);
  expect(fail(limit, 'a')).toBeGreaterThan(0);
  now += 1;
  expect(fail(limit, 'a')).toBe(0);
});
