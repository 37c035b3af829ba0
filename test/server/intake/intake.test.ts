import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBundle, createWithdrawal } from '../../../src/index.js';
import type { IntakeOptions } from '../../../src/server/intake/routes.js';
import { workText } from '../../../src/server/intake/work.js';
import type { Store } from '../../../src/store/store.js';
import { hashOf, personWith } from '../../store/cases/filed-bundles.js';
import { openStore } from '../../store/opened.js';
import { type Served, served } from '../served.js';

const OPTIONS: IntakeOptions = { list: 'cases', caseDays: 30 };

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
afterAll(() => store.close());

const serving = <T>(work: (served: Served) => Promise<T>, intake: Partial<IntakeOptions> = {}) =>
  served(work, { store, intake: { ...OPTIONS, ...intake } });

type Body = string | Uint8Array<ArrayBuffer>;

const send = (url: string, body: Body, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/cases`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain;charset=UTF-8', origin: 'null', ...headers },
  });

const ask = (url: string, id: string, proof: string) =>
  fetch(`${url}/v1/cases/${id}`, { headers: { 'case-proof': proof, origin: 'null' } });

const takeBack = (url: string, id: string, body: unknown) =>
  fetch(`${url}/v1/cases/${id}/withdraw`, { method: 'POST', body: JSON.stringify(body) });

/** Everything of a reply that a caller sees, but the time and the name of the answer. */
async function seen(reply: Response) {
  const headers = [...reply.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
  return { status: reply.status, headers, body: await reply.text() };
}

test('a file of the page is a case, is asked about and is taken back', () =>
  serving(async ({ url }) => {
    const her = await personWith(1, 2);
    const receipt = await send(url, her.bundle.text);
    expect(receipt.status).toBe(201);
    expect(receipt.headers.get('access-control-allow-origin')).toBe('*');
    expect(receipt.headers.has('access-control-allow-credentials')).toBe(false);
    const kept = await receipt.json();
    expect(kept).toMatchObject({ case: her.case, hashes: 2, digests: 0 });
    expect(await (await send(url, her.bundle.text)).json()).toEqual(kept);
    const asked = await ask(url, her.case, her.proof);
    expect(asked.status).toBe(200);
    expect(await asked.json()).toMatchObject({ ...kept, state: 'received' });
    const withdrawal = await createWithdrawal(her.code);
    const gone = await takeBack(url, her.case, withdrawal);
    expect([gone.status, await gone.json()]).toMatchObject([200, { state: 'withdrawn' }]);
    expect(await (await ask(url, her.case, her.proof)).json()).toMatchObject({
      state: 'withdrawn',
    });
    // The same file again gets its receipt, and stays taken back.
    expect((await send(url, her.bundle.text)).status).toBe(201);
    expect(await (await ask(url, her.case, her.proof)).json()).toMatchObject({
      state: 'withdrawn',
    });
  }));

test('an unknown number and a wrong proof get the same bytes', () =>
  serving(async ({ url }) => {
    const [her, them, nobody] = [await personWith(3), await personWith(4), await personWith(5)];
    for (const { bundle } of [her, them]) await send(url, bundle.text);
    const wrong = await seen(await ask(url, her.case, them.proof));
    expect(wrong.status).toBe(404);
    expect(await seen(await ask(url, nobody.case, nobody.proof))).toEqual(wrong);
    expect(await seen(await ask(url, her.case, '0'.repeat(64)))).toEqual(wrong);
    const withdrawal = await createWithdrawal(nobody.code);
    const unknown = await seen(await takeBack(url, nobody.case, withdrawal));
    expect(unknown.status).toBe(404);
    // Somebody else's number with one's own code, or the other way round.
    expect(await seen(await takeBack(url, her.case, withdrawal))).toEqual(unknown);
    const forged = { ...withdrawal, case: her.case };
    expect(await seen(await takeBack(url, her.case, forged))).toEqual(unknown);
    expect(await (await ask(url, her.case, her.proof)).json()).toMatchObject({
      state: 'received',
    });
  }));

test('what is no padded bundle of version 1 is refused, whether there is such a case or not', () =>
  serving(async ({ url }) => {
    const [her, them] = [await personWith(6), await personWith(7)];
    await send(url, her.bundle.text);
    const damaged = (text: string): [number, Body][] => [
      [422, text.replace('"version": 1', '"version": 2')],
      [422, text.replace('"padding": "..', '"padding": "')],
      [422, text.replace(/"day": "\d{4}/, '"day": "1999')],
      [422, text.replace('"hashes"', '"name": "Ann", "hashes"')],
      [422, text.slice(0, 900)],
      [422, ''],
      [422, new Uint8Array([0xff, 0xfe])],
      [413, `${text}${' '.repeat(2 ** 20)}`],
      [413, 'x'.repeat(10 * 2 ** 20)],
    ];
    const theirs = damaged(them.bundle.text);
    for (const [at, [status, body]] of damaged(her.bundle.text).entries()) {
      const reply = await seen(await send(url, body));
      expect([at, reply.status]).toEqual([at, status]);
      expect(reply.body).not.toContain('Ann');
      expect(reply.body).not.toContain(her.case);
      expect(await seen(await send(url, theirs[at]![1]))).toEqual(reply);
    }
    const type = { 'content-type': 'multipart/form-data' };
    expect((await send(url, her.bundle.text, type)).status).toBe(415);
    expect(await store.cases(OPTIONS).find(them.case)).toEqual([]);
  }));

test('a bundle of more than 4,096 hashes is refused', () =>
  serving(async ({ url }) => {
    const images = Array.from({ length: 4097 }, (_, seed) => ({
      hash: hashOf(10_000 + seed),
      variants: [],
    }));
    const { bundle } = await createBundle(images);
    const { text } = bundle;
    // Such a file is larger than what is read at all; a denser spelling of it is not.
    expect((await send(url, text)).status).toBe(text.length > 2 ** 20 ? 413 : 422);
    const { bundle: most } = await createBundle(images.slice(0, 4000));
    expect((await send(url, most.text)).status).toBe(201);
  }));

test('other contents under a number are not taken in place of the first', () =>
  serving(async ({ url }) => {
    const [her, them] = [await personWith(8), await personWith(9)];
    await send(url, her.bundle.text);
    const { check: _, ...others } = JSON.parse(her.bundle.text);
    const { bundleText } = await import('../../../src/bundle/bundle.js');
    const text = bundleText({ ...others, hashes: them.bundle.hashes, check: '0'.repeat(8) });
    expect(text.length).toBe(her.bundle.text.length);
    expect((await send(url, text)).status).toBe(409);
    expect(await (await ask(url, her.case, her.proof)).json()).toMatchObject({
      state: 'received',
    });
  }));

test('a page of any origin may send, without credentials', () =>
  serving(async ({ url }) => {
    for (const path of ['/v1/cases', `/v1/cases/${'0'.repeat(32)}`]) {
      const reply = await fetch(url + path, {
        method: 'OPTIONS',
        headers: { origin: 'null', 'access-control-request-headers': 'case-proof' },
      });
      expect(reply.status).toBe(204);
      expect(reply.headers.get('access-control-allow-origin')).toBe('*');
      expect(reply.headers.get('access-control-allow-headers')).toContain('case-proof');
    }
    const refused = await fetch(`${url}/v1/cases/no-number`, { headers: { 'case-proof': 'x' } });
    expect(refused.status).toBe(400);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  }));

test('one caller who sends a thousand cases a minute is refused while others are served', () =>
  serving(
    async ({ url }) => {
      const one = await personWith(20);
      const statuses = new Map<number, number>();
      const flood = { 'x-real-ip': '203.0.113.9' };
      for (let at = 0; at < 300; at++) {
        const { status, headers } = await send(url, one.bundle.text, flood);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(statuses).toEqual(
        new Map([
          [201, 5],
          [429, 295],
        ]),
      );
      // The refusal is the same for a file that is none.
      expect((await send(url, 'x', flood)).status).toBe(429);
      for (let at = 0; at < 20; at++) {
        const her = await personWith(21 + at);
        const from = { 'x-real-ip': `198.51.100.${at}` };
        expect((await send(url, her.bundle.text, from)).status).toBe(201);
      }
      // The limit is of callers, not of cases: who floods with her file does not shut her out.
      const her = await send(url, one.bundle.text, { 'x-real-ip': '198.51.100.77' });
      expect(her.status).toBe(201);
    },
    { casesPerHour: 5, proxy: { cidr: '127.0.0.1', header: 'x-real-ip' } },
  ));

test.each([
  ['the port of a connection', (at: number) => `198.51.100.1:${4000 + at}`],
  ['the port of one by IPv6', (at: number) => `[2001:db8::1]:${4000 + at}`],
  ['what is no address', (at: number) => `unknown-${at}`],
])('a proxy that adds %s gives nobody another limit', (_, header) =>
  serving(
    async ({ url }) => {
      const { bundle } = await personWith(46);
      const statuses: number[] = [];
      for (let at = 0; at < 4; at++) {
        const reply = await send(url, bundle.text, { 'x-forwarded-for': header(at) });
        statuses.push(reply.status);
      }
      expect(statuses).toEqual([201, 201, 429, 429]);
    },
    { casesPerHour: 2, proxy: { cidr: '127.0.0.1', header: 'x-forwarded-for' } },
  ),
);

test('without a proxy that it knows, the service believes no header', () =>
  serving(
    async ({ url }) => {
      const { bundle } = await personWith(45);
      const statuses: number[] = [];
      for (let at = 0; at < 4; at++) {
        const reply = await send(url, bundle.text, { 'x-forwarded-for': `198.51.100.${at}` });
        statuses.push(reply.status);
      }
      expect(statuses).toEqual([201, 201, 429, 429]);
    },
    { casesPerHour: 2 },
  ));

test('under load it asks for work, which is for one case', () =>
  serving(
    async ({ url }) => {
      const [her, them] = [await personWith(50), await personWith(51)];
      for (let at = 0; at < 4; at++) {
        expect((await send(url, her.bundle.text)).status).toBe(201);
      }
      const asked = await send(url, them.bundle.text);
      expect(asked.status).toBe(428);
      const { code, work } = (await asked.json()) as {
        code: string;
        work: { challenge: string; bits: number };
      };
      expect(code).toBe('needs-work');
      const { challenge } = work;
      // More will have come by then.
      const bits = work.bits + 1;
      let nonce = 0;
      for (; ; nonce++) {
        const text = workText(challenge, them.case, String(nonce));
        const digest = createHash('sha256').update(text).digest();
        if (digest.readUInt32BE(0) >>> (32 - bits) === 0) break;
        // The connection would be lost meanwhile.
        if (nonce % 1000 === 0) await setImmediate();
      }
      const done = { 'case-work': `${challenge}:${nonce}` };
      expect((await send(url, her.bundle.text, done)).status).toBe(428);
      expect((await send(url, them.bundle.text, { 'case-work': `x:${nonce}` })).status).toBe(428);
      const wrong = { 'case-work': `${'A'.repeat(22)}:${nonce}` };
      expect((await send(url, them.bundle.text, wrong)).status).toBe(428);
      expect((await send(url, them.bundle.text, done)).status).toBe(201);
    },
    { casesPerMinute: 4 },
  ));

test('the log and the metrics have nothing of a case', async () => {
  const lines: string[] = [];
  const her = await personWith(60);
  await served(
    async ({ url }) => {
      await send(url, her.bundle.text, { 'x-forwarded-for': '203.0.113.77' });
      await ask(url, her.case, her.proof);
      await ask(url, her.case, '1'.repeat(64));
      await takeBack(url, her.case, await createWithdrawal(her.code));
      lines.push(await (await fetch(`${url}/metrics`)).text());
    },
    { store, intake: OPTIONS, onLog: (record) => lines.push(JSON.stringify(record)) },
  );
  const all = lines.join('\n');
  expect(all).toContain('/v1/cases/{number}/withdraw');
  for (const secret of [her.case, her.proof, her.code, '203.0.113.77', '127.0.0.1']) {
    expect(all).not.toContain(secret);
  }
});

test('the page that sends is served at / with its own headers', () =>
  serving(
    async ({ url }) => {
      const reply = await fetch(`${url}/`);
      expect([reply.status, await reply.text()]).toEqual([200, '<!doctype html>']);
      expect(reply.headers.get('content-security-policy')).toBe("default-src 'none'");
      expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    },
    {
      page: {
        text: '<!doctype html>',
        headers: {
          'content-security-policy': "default-src 'none'",
          'content-type': 'text/html; charset=utf-8',
        },
      },
    },
  ));
