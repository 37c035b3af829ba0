import { callback, type OptionCheck, type OptionTable, text, wrongRange } from '../../door.js';
import { type Html, html } from './html.js';

/** Options for showing uploads to moderators. */
export interface ShownUploads {
  /** origin that serves the pictures, as `https://uploads.example`: pages load from no other */
  origin: string;
  /**
   * address of the picture of an upload, by its `item`; of a video, that of a still. Called only
   * once a moderator asks to see it. undefined: there is none. An address of another origin is not
   * used, and `onError` gets a RangeError
   */
  urlOf: (item: string) => URL | string | undefined | Promise<URL | string | undefined>;
}

/** Stricter than URLs are: in a policy, other characters of a host may mean something else. */
const ORIGIN = /^https?:\/\/[a-z\d-]+(\.[a-z\d-]+)*(:\d+)?$/;

const origin: OptionCheck = (name, value) => {
  text(name, value);
  if (ORIGIN.test(value) && URL.canParse(value) && new URL(value).origin === value) return;
  wrongRange(`${name} to be an origin, such as https://uploads.example`);
};

export const SHOWN_UPLOADS_OPTIONS = {
  origin: { is: origin, required: true },
  urlOf: { is: callback, required: true },
} as const satisfies OptionTable<ShownUploads>;

/**
 * The address of an upload's picture; undefined if there is none that a page may load.
 * @param onError gets the error of `urlOf`, and a RangeError about another address
 */
export async function addressOfUpload(
  item: string,
  { origin, urlOf }: ShownUploads,
  onError: (error: unknown) => void,
): Promise<string | undefined> {
  try {
    const url = await urlOf(item);
    if (url === undefined) return undefined;
    const href = URL.canParse(url) ? new URL(url).href : '';
    // Not by its `origin`, which `blob:` URLs and those with a password have too.
    if (href.startsWith(`${origin}/`)) return href;
    wrongRange('urlOf to return a URL of its origin');
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/** The picture of an upload, blurred until its box is checked. */
export const blurredUpload = (url: string): Html =>
  html`<div class="upload"><input type="checkbox" id="sharp" autocomplete="off"><label for="sharp">Show it sharp and in colour</label>
<div class="veil"><img src="${url}" alt="the upload" referrerpolicy="no-referrer"></div></div>`;
