import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { hashFromHex } from '../../../src/hash.js';
import { type Decision, decisionOf, type VideoMatch } from '../../../src/matching/decision.js';
import { match } from '../../../src/matching/match.js';
import { policyFor } from '../../../src/policy.js';
import type { CreateServiceOptions } from '../../../src/server/service.js';
import type { NewReviewItem } from '../../../src/store/reviews/review-item.js';
import type { Store } from '../../../src/store/store.js';
import type { HashedVariant } from '../../../src/variant.js';
import { hexOf } from '../../node/files/fed-services.js';
import { type Served, served, TOKENS, type TokenRole } from '../served.js';

/** The time of the service. */
export const NOW = 1_767_225_600_000;
export const RULES = { retentionDays: 30, now: () => NOW };

/** Serves the pages on loopback while `work` runs. */
export const reviewServed = <T>(
  store: Store,
  work: (served: Served) => Promise<T>,
  options: Partial<CreateServiceOptions> = {},
): Promise<T> => served(work, { store, review: { retentionDays: 30 }, ...options });

/** Serves, and signs a moderator in. */
export const signedIn = <T>(
  store: Store,
  work: (moderator: Moderator, served: Served) => Promise<T>,
  options: Partial<CreateServiceOptions> = {},
): Promise<T> =>
  reviewServed(
    store,
    async (all) => {
      const moderator = new Moderator(all.url);
      await moderator.signIn();
      return await work(moderator, all);
    },
    options,
  );

const flipped = (hex: string, bits: number) => {
  const bytes = Buffer.from(hex, 'hex');
  for (let bit = 0; bit < bits; bit++) bytes[bit >> 3]! ^= 1 << (bit & 7);
  return hashFromHex('pdq', bytes.toString('hex'));
};

/** An entry about which everything is told. */
export const entryOf = (n: number, more: Partial<BlocklistEntry> = {}): BlocklistEntry => ({
  hash: hashFromHex('pdq', hexOf(n)),
  labels: ['intimate'],
  id: `entry-${n}`,
  source: 'StopNCII',
  list: 'stopncii',
  quality: 96,
  caseCount: 3,
  confirmed: true,
  opinions: [{ from: 'Platform 7', says: 'Blocked', tags: ['nude', 'adult'] }],
  ...more,
});

/** A decision about an upload of which a part lies so many bits from an entry. */
export function decisionNear(
  entries: readonly BlocklistEntry[],
  { distance = 12, upload: picture = 999 } = {},
): Decision {
  const blocklist = createBlocklist(entries);
  const main = hashFromHex('pdq', hexOf(picture));
  const variants: HashedVariant[] = [
    { name: 'original', hash: main, quality: 90 },
    {
      name: 'rectangle',
      hash: flipped(hexOf(1), distance),
      quality: 88,
      geometry: { rectangle: { left: 120, top: 80, width: 400, height: 300 }, angle: 8 },
    },
    { name: 'flipY', hash: flipped(hexOf(2), distance + 8), quality: 91 },
  ];
  const decision = match(variants, blocklist, { all: true });
  const upload = { hash: main, quality: 90, width: 800, height: 600, format: 'jpeg' };
  return decisionOf({ ...decision, upload });
}

export const GROUP = 'ab'.repeat(32);

/** A listed video in an upload. */
export const videoOf = (more: Partial<VideoMatch> = {}): VideoMatch => ({
  ...{ group: GROUP, list: 'videos', tier: 'match', speed: 1, offset: -51, frames: 9 },
  ...{ listShare: 0.4, queryShare: 0.8, variant: 'frame' },
  moments: [
    { listSeconds: 63, querySeconds: 12.4, distance: 7 },
    { listSeconds: 3681, querySeconds: 30.2, distance: 9 },
  ],
  ...more,
});

/** A decision about an upload that shows moments of a listed video; two hits are on no line. */
export function videoDecision(videos = [videoOf()]): Decision {
  const hash = hashFromHex('pdq', hexOf(1));
  const variant = { name: 'frame', hash, frame: 120 } as const;
  const entry = { hash, labels: ['film'], group: GROUP, list: 'videos' };
  return decisionOf({
    ...{ verdict: 'match', reason: 'matched-video', policy: policyFor('pdq', 256), videos },
    matches: [
      { entry: { ...entry, seconds: 63 }, distance: 7, tier: 'match', variant },
      { entry: { ...entry, seconds: 63 }, distance: 8, tier: 'match', variant },
      { entry: { ...entry, seconds: 99 }, distance: 7, tier: 'match', variant },
    ],
  });
}

/** An upload before the moderators. */
export const itemOf = (id: string, more: Partial<NewReviewItem> = {}): NewReviewItem => ({
  id,
  decision: decisionNear([entryOf(1), entryOf(2, { list: 'partner', confirmed: false })]),
  link: `https://platform.example/uploads/${encodeURIComponent(id)}`,
  ...more,
});

/** A page as it came, and its forms. */
export interface Page {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly path: string;
}

/** A browser without a screen: it keeps cookies, follows redirects, and sends forms as they are. */
export class Moderator {
  readonly #url: string;
  cookie = '';

  constructor(url: string) {
    this.#url = url;
  }

  /** Signs in. */
  async signIn(role: TokenRole = 'curate'): Promise<Page> {
    return await this.post('/review/sign-in', { token: TOKENS[role] });
  }

  async get(path: string): Promise<Page> {
    return await this.#follow(path, {});
  }

  /** Sends fields as a form of a page of the service does. */
  async post(path: string, fields: Record<string, string>, headers = {}): Promise<Page> {
    return await this.#follow(path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
    });
  }

  /** Presses the button of this value on a page. */
  async press(page: Page, outcome: string, fields: Record<string, string> = {}): Promise<Page> {
    return await this.post(actionOf(page), { ...hiddenOf(page), outcome, ...fields });
  }

  async #follow(path: string, init: RequestInit): Promise<Page> {
    const response = await fetch(new URL(path, this.#url), {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, ...(this.cookie && { cookie: this.cookie }) },
    });
    for (const cookie of response.headers.getSetCookie()) this.cookie = cookie.split(';')[0]!;
    const location = response.headers.get('location');
    if (location) return await this.#follow(location, {});
    return {
      status: response.status,
      text: await response.text(),
      headers: response.headers,
      path,
    };
  }
}

const unescaped = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

/** Where the decision of a page goes. */
export const actionOf = ({ text }: Page): string =>
  unescaped(/action="([^"]+)" class="decide"/.exec(text)![1]!);

/** The hidden fields of that form. */
export function hiddenOf({ text }: Page): Record<string, string> {
  const form = /class="decide"[\s\S]*?<\/form>/.exec(text)![0];
  const fields = form.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name, unescaped(value!)]));
}
