import { join } from 'node:path';
import sharp from 'sharp';

/**
 * Writes a screenshot of a chat with a photo in it to `folder`.
 * @returns its path
 */
export async function chatScreenshot(inner: string, folder: string): Promise<string> {
  const shown = await sharp(inner).resize(560, 420, { fit: 'fill' }).png().toBuffer();
  const bubble = (width: number, colour: string) =>
    sharp({ create: { width, height: 60, channels: 3, background: colour } })
      .png()
      .toBuffer();
  const chat = join(folder, 'chat.png');
  await sharp({ create: { width: 720, height: 1280, channels: 3, background: '#ece5dd' } })
    .composite([
      { input: await bubble(720, '#075e54'), left: 0, top: 0 },
      { input: shown, left: 30, top: 160 },
      { input: await bubble(400, '#ffffff'), left: 30, top: 640 },
      { input: await bubble(300, '#dcf8c6'), left: 390, top: 740 },
    ])
    .png()
    .toFile(chat);
  return chat;
}

/** The page in a browser, in English. Functions run in its frame. */
export interface Walker {
  evaluate(run: () => void): Promise<unknown>;
  waitFor(until: () => unknown): Promise<unknown>;
  setFiles(input: string, paths: string[]): Promise<unknown>;
  /** clicks the button with this label */
  press(label: string): Promise<unknown>;
}

/**
 * Visits every screen, from the first to the last, and each of their states.
 * @param root folder of the project
 * @param chat a screenshot with a picture in it
 * @param at is called on each, with its name, and leaves it in English
 */
export async function walk(
  page: Walker,
  root: string,
  chat: string,
  at: (name: string) => Promise<void>,
): Promise<void> {
  const press = (label: string) => page.press(label);
  const photo = (name: string) => join(root, 'fixtures', name);
  await at('start');
  await press('Take a file back');
  await page.evaluate(() => {
    document.querySelector<HTMLInputElement>('.field')!.value = 'WXYZ-'.repeat(6).slice(0, -1);
  });
  await at('withdraw');
  await press('Make the take-back file');
  await page.waitFor(() => document.querySelector('[role=alert]')!.textContent !== '');
  await at('withdraw, a wrong code');
  await press('Back');
  await press('Someone is threatening me now');
  await at('threat');
  await press('I want to make the numbers');
  await at('age');
  await press('Yes, or I am not sure');
  await at('child');
  await press('Back');
  await press('No, I was 18 or older');
  await at('choose');
  // The progress stays, as no Worker answers for now.
  await page.evaluate(() => {
    const post = Worker.prototype.postMessage;
    Object.assign(window, { post });
    Worker.prototype.postMessage = () => {};
  });
  await page.setFiles('#files', [photo('photos/acanthus-mollis.jpg')]);
  await at('working');
  await page.evaluate(() => {
    const { post } = window as unknown as { post: Worker['postMessage'] };
    Worker.prototype.postMessage = post;
  });
  await press('Stop');
  await page.waitFor(() => document.querySelector('#files') !== null);
  await page.setFiles('#files', [
    photo('photos/march-pastoral-w500.webp'),
    chat,
    photo('images/half.jpg'),
    photo('images/baseline.jpg'),
    photo('images/film.mp4'),
  ]);
  await page.waitFor(() => document.querySelector('.pictures') !== null);
  await page.waitFor(() => document.querySelectorAll('canvas.blurred').length > 0);
  await at('pictures');
  await page.evaluate(() => {
    for (const label of document.querySelectorAll<HTMLElement>('.option label')) {
      if (label.textContent === 'Both') label.click();
    }
    const row = document.querySelector('article[data-state=ready] details') as HTMLDetailsElement;
    row.open = true;
  });
  await page.waitFor(() => {
    const test = document.querySelector<HTMLElement>('.copies .button');
    test?.click();
    return test !== null;
  });
  await page.waitFor(() => document.querySelector('table') !== null);
  await at('pictures, answered and opened');
  await press('Next');
  await at('wide');
  await press('Cut-out shapes too');
  await page.waitFor(() => document.querySelector('#code') !== null);
  await at('code');
  await press('Save the file');
  await page.waitFor(() => document.getElementById('outcome') !== null);
  await at('code, not written down');
  await press('See every byte');
  await at('preview');
  await press('Back to the code');
  await press('Next');
  await at('done');
  await press('Clear everything');
  await at('clear');
  await press('Clear everything');
  await page.waitFor(() => document.getElementById('outcome') !== null);
  await at('start, cleared');
}
