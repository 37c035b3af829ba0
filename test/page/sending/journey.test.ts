import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBundle } from '../../../src/index.js';
import { describeEngine, ENGINES, type EnginePage } from '../../browser/engines/engines.js';
import { choose, photo, press, screen, shown, tabTo, toChoosing, toCode } from '../demo-page.js';
import { asks, click, isCovered, outcome, over } from './over-screen.js';
import { openService, type Service } from './service.js';

const PHOTOS = ['acanthus-mollis.jpg', 'march-pastoral-w700.png'];

let service: Service;
beforeEach(async () => {
  service = await openService();
});
afterEach(() => service.close());

/** Goes to the question whether to send, with two pictures and their code written down. */
async function toSending(page: EnginePage): Promise<string> {
  await page.goto(service.url);
  await toChoosing(page);
  await page.setFiles('#files', PHOTOS.map(photo));
  await screen(page, '2 of 2 ready');
  const code = await toCode(page);
  await choose(page, `Send it to ${service.host}`);
  // The code comes first.
  await page.waitFor(() => document.activeElement?.id === 'written');
  expect(await isCovered(page)).toBe(false);
  await page.press(' ');
  await choose(page, `Send it to ${service.host}`);
  return code;
}

/** The code, its digits alone, a file's name, and bytes of a picture: none may be in a request. */
function revealed(code: string): string[] {
  const bytes = readFileSync(photo(PHOTOS[0]!)).subarray(4000, 4012);
  const forms = ['hex', 'base64', 'latin1'] as const;
  return [
    ...[code, code.replaceAll('-', ''), ...PHOTOS.map((name) => name.split('.')[0]!)],
    ...forms.map((form) => bytes.toString(form)),
  ].filter((secret) => JSON.stringify(service.got).includes(secret));
}

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('by keyboard: from pictures to a receipt, the state, and taking back', async () => {
      const page = await open.page();
      const { host, got } = service;
      const code = await toSending(page);
      const question = await over(page, `Send it to ${host}?`);
      expect(question).toContain('2 numbers.');
      expect(question).toContain('part of a picture could be hidden in one');
      const shownText = await page.top.evaluate(
        () => document.querySelector('.verbatim')!.textContent!,
      );
      expect(got).toEqual([]);
      expect(await asks(page)).toBe(true);
      await choose(page, `Send 2 numbers to ${host}`);
      const receipt = await over(page, `${host} has your numbers.`);
      expect(got).toMatchObject([{ method: 'POST', url: '/v1/cases', body: shownText }]);
      const { headers } = got[0]!;
      expect(headers).toMatchObject({ origin: 'null', 'content-type': 'text/plain;charset=UTF-8' });
      expect([headers.cookie, headers.referer, headers.authorization].join('')).toBe('');
      const { case: id, hashes } = readBundle(got[0]!.body, { padded: true });
      expect(hashes).toHaveLength(2);
      expect(receipt).toContain(`Case ${id.slice(0, 8)}.`);
      expect(receipt).toContain('All you need now is your code.');
      expect(revealed(code)).toEqual([]);
      // The service has it, and she has the code.
      expect(await asks(page)).toBe(false);
      await choose(page, 'Next');
      await screen(page, 'Your numbers were sent.');

      // Her code asks for the state, by a proof alone.
      await choose(page, 'What became of my numbers?');
      await over(page, 'What became of my numbers?');
      await tabTo(page, 'Your code');
      const typed = code.toLowerCase().replaceAll('-', '');
      for (const digit of typed.slice(0, -1)) await page.press(digit);
      await page.press(typed.endsWith('0') ? '1' : '0');
      await choose(page, `Ask ${host}`);
      expect(await outcome(page)).toContain('Check each letter.');
      expect(got).toHaveLength(1);
      await page.press('Backspace');
      await page.press(typed.at(-1)!);
      await choose(page, `Ask ${host}`);
      await over(page, 'Your numbers have arrived.');
      expect(got.map(({ method, url }) => `${method} ${url}`).slice(1)).toEqual([
        `OPTIONS /v1/cases/${id}`,
        `GET /v1/cases/${id}`,
      ]);
      expect(revealed(code)).toEqual([]);
      await choose(page, 'Back');
      await screen(page, 'Your numbers were sent.');

      // Taking back asks once more, and sends the code in the body alone.
      await choose(page, 'Clear everything');
      await screen(page, 'This is not your fault.');
      await choose(page, 'Take a file back');
      await screen(page, 'Take a file back');
      await choose(page, `Take it back from ${host}`);
      await over(page, `Take it back from ${host}`);
      await tabTo(page, 'Your code');
      for (const digit of typed) await page.press(digit);
      await choose(page, 'Next');
      await over(page, 'Take your numbers back?');
      expect(got).toHaveLength(3);
      await choose(page, 'No');
      await over(page, `Take it back from ${host}`);
      await choose(page, 'Next');
      await over(page, 'Take your numbers back?');
      await choose(page, 'Yes, take them back');
      await over(page, 'Your numbers were taken back.');
      expect(got).toHaveLength(4);
      expect(got[3]).toMatchObject({ method: 'POST', url: `/v1/cases/${id}/withdraw` });
      expect(JSON.parse(got[3]!.body)).toMatchObject({ case: id, token: code });
      expect(JSON.stringify({ ...got[3], body: '' })).not.toContain(code);
      await choose(page, 'Back');
      await screen(page, 'Take a file back');
    });

    test('by clicks: a failure says what to do and loses nothing; a busy service gets work', async () => {
      const page = await open.page();
      const { host, got, next } = service;
      await toSending(page);
      const go = `Send 2 numbers to ${host}`;
      const tried = async (...answers: typeof next) => {
        await over(page, `Send it to ${host}?`);
        next.push(...answers);
        await click(page, go);
        return await outcome(page);
      };
      expect(await tried(...Array<'drop'>(9).fill('drop'))).toContain('was not reached');
      next.length = 0;
      const busy = { status: 429, headers: { 'retry-after': '7' } };
      expect(await tried(busy)).toContain('Try again in 7 seconds. Nothing is lost.');
      expect(await tried({ status: 503 })).toContain('Try again later.');
      expect(await tried({ status: 400 })).toContain('did not take it');
      expect(await tried({ status: 413 })).toContain('did not take it');
      // Work that no service asks for.
      const tooHard = { status: 428, body: { work: { challenge: 'x', bits: 60 } } };
      expect(await tried(tooHard)).toContain('cannot do this now');
      // She stops.
      await over(page, `Send it to ${host}?`);
      next.push('hold');
      await click(page, go);
      await over(page, 'One moment');
      await click(page, 'Stop');
      expect(await outcome(page)).toContain('Stopped.');
      expect(await asks(page)).toBe(true);

      // She stops while her device works: this takes it half a minute.
      await over(page, `Send it to ${host}?`);
      next.push({ status: 428, body: { work: { challenge: 'long', bits: 22 } } });
      await click(page, go);
      await page.top.waitFor(() =>
        document.querySelector('main .lead')?.textContent?.includes('busy'),
      );
      await click(page, 'Stop');
      expect(await outcome(page)).toContain('Stopped.');

      got.length = 0;
      await over(page, `Send it to ${host}?`);
      next.push({ status: 428, body: { work: { challenge: 'day.42', bits: 12 } } });
      // A Worker does the work, so the page stays usable.
      await page.top.evaluate(() => {
        Object.defineProperty(crypto.subtle, 'digest', { value: undefined });
      });
      await click(page, go);
      await over(page, `${host} has your numbers.`);
      const posts = got.filter(({ method }) => method === 'POST');
      expect(posts.map(({ headers }) => headers['case-work'])).toEqual([
        undefined,
        expect.stringMatching(/^day\.42:\d+$/),
      ]);
      const { case: id } = readBundle(posts[1]!.body, { padded: true });
      const nonce = `${posts[1]!.headers['case-work']}`.split(':')[1];
      const digest = createHash('sha256').update(`onlyhashes work 1\nday.42\n${id}\n${nonce}`);
      expect(Math.clz32(digest.digest().readUInt32BE(0))).toBeGreaterThanOrEqual(12);
      expect(posts[1]!.body).toBe(posts[0]!.body);
      await click(page, 'Next');
      await shown(page, 'Your numbers were sent.');
    });

    test('keeping the file sends nothing, and the exit leaves from a screen that sends', async () => {
      const page = await open.page();
      await toSending(page);
      await over(page, `Send it to ${service.host}?`);
      // A press that was meant for another screen.
      await click(page, 'No, keep the file');
      await screen(page, 'Your file is not saved yet.');
      expect(await asks(page)).toBe(true);
      await press(page, 'Back to the file');
      await press(page, `Send it to ${service.host}`);
      await click(page, `Send 2 numbers to ${service.host}`);
      await over(page, `Send it to ${service.host}?`);
      // The browser's own Back is Back, where it has one.
      if (name === 'chromium') await page.press('Escape');
      else await click(page, 'Back');
      await screen(page, 'Your code');
      expect(service.got).toEqual([]);
      await choose(page, `Send it to ${service.host}`);
      await over(page, `Send it to ${service.host}?`);
      const left = await page.top.evaluate(() => {
        Object.defineProperty(navigator, 'onLine', { get: () => false });
        document.getElementById('exit')!.click();
        return [document.body.textContent, window.length];
      });
      expect(left).toEqual(['Loading.', 0]);
      await expect.poll(() => page.url()).toBe('about:blank');
    });
  });
}
