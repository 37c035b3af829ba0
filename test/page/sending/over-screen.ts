import type { SendingWalker } from '../../../docs/making/sending.js';
import type { EnginePage } from '../../browser/engines/engines.js';
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

/** Clicks a button over the frame. */
export const click = (page: EnginePage, label: string): Promise<void> =>
  page.top.evaluate((text: string) => {
    const all = [...document.querySelectorAll<HTMLElement>('main .button, main summary')];
    all.find((button) => button.textContent === text)!.click();
  }, label);

/** Waits for what a press did, as it is shown and announced. */
export const outcome = (page: EnginePage): Promise<string> =>
  page.top.waitFor(() => {
    const shown = document.querySelector('#outcome')?.textContent ?? '';
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
