import { createBundle, createStateProof, readBundle } from '../../../src/index.js';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import type { CreateServiceOptions } from '../../../src/server/service.js';
import type { Store } from '../../../src/store/store.js';
import { Moderator, type Page } from '../review/review-served.js';
import { type Served, served, tokens } from '../served.js';

export const KEY = new Uint8Array(32).fill(7);
export const LIST = 'cases';
export const SECOND = 'another-token-of-the-desk';
export const INTAKE = { list: LIST, caseDays: 30, notesKey: KEY };
export const NOW = Date.parse('2026-11-26T15:00:00Z');

/** The cases of a store, as the service has them. */
export const casesIn = (store: Store, now = () => NOW) =>
  store.cases({ list: LIST, caseDays: 30, now }, KEY);

/** Serves the desk's pages on loopback, with tokens for two people of it, while `work` runs. */
export const deskServed = <T>(
  store: Store,
  work: (served: Served) => Promise<T>,
  options: Partial<CreateServiceOptions> = {},
): Promise<T> =>
  served(work, {
    ...{ store, intake: INTAKE, now: () => NOW },
    tokens: [...tokens, { name: 'the second', hash: tokenHash(SECOND), role: 'desk' }],
    ...options,
  });

/** Serves, and signs somebody of the desk in. */
export const atDesk = <T>(
  store: Store,
  work: (desk: Moderator, served: Served) => Promise<T>,
  options: Partial<CreateServiceOptions> = {},
): Promise<T> =>
  deskServed(
    store,
    async (all) => {
      const desk = new Moderator(all.url);
      await desk.signIn('desk');
      return await work(desk, all);
    },
    options,
  );

/** Files a case, and returns its number on the pages with what its person has. */
export async function filed(store: Store, ...given: Parameters<typeof createBundle>) {
  const { bundle, withdrawToken: code } = await createBundle(...given);
  const read = readBundle(bundle.text);
  await casesIn(store).file(read);
  const [one] = await casesIn(store).find(read.case);
  return { number: one!.number, bundle: read, code, ...(await createStateProof(code)) };
}

/** Sends the form of a case's page. */
export async function send(
  desk: Moderator,
  number: number,
  fields: Record<string, string>,
  page?: Page,
): Promise<Page> {
  const { text } = page ?? (await desk.get(`/desk/case?number=${number}`));
  const [, word, times] =
    /name="word" value="([^"]+)"><input type="hidden" name="times" value="(\d+)"/.exec(text)!;
  return await desk.post(`/desk/case?number=${number}`, { word: word!, times: times!, ...fields });
}

/** The text of a page, without its markup. */
export const wordsOf = ({ text }: Page): string =>
  text
    .replace(/^[\s\S]*<main/, '<main')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
