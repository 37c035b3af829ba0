import type { SendingWalker } from '../../../docs/making/sending.js';
import type { EnginePage } from '../../browser/engines/engines.js';
import { choose, screen, toCode } from '../demo-page.js';
import type { Service } from './service.js';

/** A press before this is not heard: see `UNREAD_MILLISECONDS`. */
const READING_MILLISECONDS = 700;

/** Reads a screen that has just come. */
export const reading = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, READING_MILLISECONDS));

/** Waits for a screen over the frame by its heading, which must have the focus, and reads it. */
export async function over(page: EnginePage, heading: string): Promise<string> {
  await page.top.waitFor(
    (text: string) => {
      const h1 = document.querySelector('main h1');
      return h1?.textContent === text && document.activeElement === h1;
    },
    [heading],
  );
  await reading();
  return await page.top.evaluate(() => document.querySelector('main')!.textContent!);
}

/** Clicks a button over the frame. What an earlier press did is no outcome of this one. */
export const click = (page: EnginePage, label: string): Promise<void> =>
  page.top.evaluate((text: string) => {
    document.querySelector<HTMLElement>('#outcome')?.setAttribute('data-old', '');
    const all = [...document.querySelectorAll<HTMLElement>('main .button, main summary')];
    all.find((button) => button.textContent === text)!.click();
  }, label);

/** Waits for what a press did, as it is shown and announced. */
export const outcome = (page: EnginePage): Promise<string> =>
  page.top.waitFor(() => {
    const shown = document.querySelector('#outcome:not([data-old])')?.textContent ?? '';
    return document.getElementById('status')!.textContent === shown ? shown : '';
  });

/** Types a code into the field over the frame. */
export const type = (page: EnginePage, code: string): Promise<void> =>
  page.top.evaluate((text: string) => {
    document.querySelector<HTMLInputElement>('main .field')!.value = text;
  }, code);

/** Has the frame give the shell a message. */
export const post = (page: EnginePage, message: object): Promise<void> =>
  page.evaluate((data: object) => parent.postMessage(data, '*'), message);

/** Visits the screens that send, as `walkSending` does. */
export const sendingWalker = (page: EnginePage, service: Service): SendingWalker => ({
  post: (message) => post(page, message),
  async over(heading) {
    await page.top.waitFor(
      (text: string) => document.querySelector('main h1')?.textContent?.includes(text),
      [heading],
    );
    await reading();
  },
  click: (label) => click(page, label),
  type: (code) => type(page, code),
  answer(status, body, headers = {}) {
    service.always = { status, body, headers };
  },
});

/** True if the browser would ask before the page is left. */
export const asks = (page: EnginePage): Promise<boolean> =>
  page.top.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));

/** True if a screen lies over the frame. */
export const isCovered = (page: EnginePage): Promise<boolean> =>
  page.top.evaluate(() => document.querySelector('main') !== null);

/** Goes on from the pictures, and sends one number to a service, by keyboard. @returns her code */
export async function sendOne(page: EnginePage, host: string) {
  const code = await toCode(page);
  await choose(page, `Send it to ${host}`);
  await page.waitFor(() => document.activeElement?.id === 'written');
  await page.press(' ');
  await choose(page, `Send it to ${host}`);
  await over(page, `Send it to ${host}?`);
  await choose(page, `Send 1 number to ${host}`);
  const receipt = await over(page, `${host} has your numbers.`);
  await choose(page, 'Next');
  await screen(page, 'Your numbers were sent.');
  return { code, receipt };
}

/** Asks the service what became of them. @returns the text of its answer, below `heading` */
export async function askState(page: EnginePage, host: string, code: string, heading: string) {
  await choose(page, 'What became of my numbers?');
  await over(page, 'What became of my numbers?');
  await type(page, code);
  await choose(page, `Ask ${host}`);
  const text = await over(page, heading);
  await choose(page, 'Back');
  return text;
}

/** Takes them back, from the first screen. */
export async function takeBack(page: EnginePage, host: string, code: string): Promise<void> {
  await choose(page, 'Take a file back');
  await choose(page, `Take it back from ${host}`);
  await over(page, `Take it back from ${host}`);
  await type(page, code);
  await choose(page, 'Next');
  await over(page, 'Take your numbers back?');
  await choose(page, 'Yes, take them back');
  await over(page, 'Your numbers were taken back.');
}
