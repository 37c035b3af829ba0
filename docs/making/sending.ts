import { createBundle, hashFromHex } from '../../src/index.js';

/** The page that sends, in a browser, in English. */
export interface SendingWalker {
  /** has the frame give the shell a message */
  post(message: object): Promise<unknown>;
  /** waits for a screen over the frame by its heading, and reads it */
  over(heading: string): Promise<unknown>;
  /** clicks the button with this label there */
  click(label: string): Promise<unknown>;
  /** types a code into the field there */
  type(code: string): Promise<unknown>;
  /** has the service answer so from now on */
  answer(status: number, body: object, headers?: Record<string, string>): void;
}

const LISTED = {
  state: 'listed',
  listing: { of: 5, listed: 4, left: [{ why: 'too-plain', count: 1 }] },
  reports: [
    { platform: 'video.example', atLeast: 10 },
    { platform: 'forum.example', atLeast: 0 },
  ],
  reportsUntil: '2026-11-28',
};
const REASON = 'We cannot tell what the numbers are of.\nPlease call us, and we will help you.';

/**
 * Visits every screen that sends, and each of their states.
 * @param host the name of the service
 * @param at is called on each, with its name, and leaves it in English
 */
export async function walkSending(
  page: SendingWalker,
  host: string,
  at: (name: string) => Promise<void>,
): Promise<void> {
  const images = ['5a', 'c3', '69', '96', '3c'].map((byte) => ({
    hash: hashFromHex('pdq', byte.repeat(32)),
    quality: 90,
    variants: [],
  }));
  const { bundle, withdrawToken } = await createBundle(images, { day: '2026-11-29' });
  const go = `Send 5 numbers to ${host}`;
  await page.post({ send: bundle.text });
  await page.over(`Send it to ${host}?`);
  await at('send');
  page.answer(429, {}, { 'retry-after': '20' });
  // Whoever looked at it in other languages has just drawn it again.
  await page.over('');
  await page.click(go);
  await page.over(`Send it to ${host}?`);
  await at('send, a busy service');
  page.answer(201, { case: bundle.case, day: '2026-11-29', hashes: 5, digests: 0 });
  await page.over('');
  await page.click(go);
  await page.over(`${host} has your numbers.`);
  await at('send, received');
  await page.click('Next');

  const ask = async (state: object, heading: string) => {
    await page.post({ open: 'ask' });
    await page.over('What became of my numbers?');
    await page.type(withdrawToken);
    page.answer(200, state);
    await page.click(`Ask ${host}`);
    await page.over(heading);
  };
  await page.post({ open: 'ask' });
  await page.over('What became of my numbers?');
  await at('ask');
  await page.click('Back');
  await ask(LISTED, 'Your numbers are on the list.');
  await at('ask, listed');
  await page.click('Back');
  await ask({ state: 'refused', reason: REASON }, 'Your numbers were not taken.');
  await at('ask, refused');
  await page.click('Back');

  await page.post({ open: 'takeBack' });
  await page.over(`Take it back from ${host}`);
  await page.type(withdrawToken);
  await page.click('Next');
  await page.over('Take your numbers back?');
  await at('take back');
}
