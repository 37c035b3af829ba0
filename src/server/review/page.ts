import { createHash } from 'node:crypto';
import { mayDo } from '../http/access.js';
import type { Call, Refusal, Role } from '../http/route.js';
import { type Html, html, trusted } from './html.js';
import { STYLE } from './style.js';

/** A place of the navigation. */
export interface Place {
  readonly path: string;
  readonly name: string;
  /** the role that it needs */
  readonly role: Role;
}

/** A page for moderators or the desk. */
export interface ReviewPage {
  /** title, also the first heading */
  readonly title: string;
  readonly body: Html;
  /** place in the navigation; absent: not signed in, without navigation */
  readonly nav?: {
    readonly at: string;
    readonly places: readonly Place[];
    readonly signOut: Html;
  };
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** the one origin from which it loads images; absent: none */
  readonly imagesFrom?: string | undefined;
}

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/**
 * No scripts, no framing, and no external content but images of the page's one origin. Forms go
 * only to the service. With `no-referrer`, browsers would not send the origin of a form, which the
 * service checks.
 */
const headersOf = (imagesFrom: string | undefined) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; ${imagesFrom === undefined ? '' : `img-src ${imagesFrom}; `}style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
  'cache-control': 'no-store',
});

/** Creates the page of a call, with the navigation of those pages that its caller may open. */
export type Frame = (
  call: Call,
  page: Pick<ReviewPage, 'title' | 'body' | 'status' | 'imagesFrom'> & { readonly at: string },
) => Response;

/** The places that a role may open. */
export const placesFor = (role: Role, places: readonly Place[]): Place[] =>
  places.filter((place) => mayDo(role, place.role));

/** The response of a page. */
export function pageOf(page: ReviewPage): Response {
  const { title, body, nav, status = 200, headers, imagesFrom } = page;
  const text = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ${nav?.at.startsWith('/desk') ? 'desk' : 'review'}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>${nav && navigation(nav)}</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
  return new Response(text.text, { status, headers: { ...headersOf(imagesFrom), ...headers } });
}

const navigation = ({ at, places, signOut }: NonNullable<ReviewPage['nav']>): Html =>
  html`<nav aria-label="Pages"><ul>${places.map(
    ({ path, name }) =>
      html`<li><a href="${path}"${at === path ? trusted(' aria-current="page"') : undefined}>${name}</a></li>`,
  )}</ul></nav>
${signOut}`;

/** Redirects to another page after a form, so that reloading sends nothing again. */
export const redirectTo = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(null, {
    status: 303,
    headers: { location: path, 'cache-control': 'no-store', ...headers },
  });

const TITLES: Readonly<Record<number, string>> = {
  403: 'This is not allowed',
  404: 'There is no such page',
  429: 'Too many requests',
  500: 'Something failed',
  503: 'Not now',
};

/**
 * A refusal as a page. Callers who are not signed in are redirected to the sign-in.
 * @param way the page to go on to
 */
export function refusedPage(
  { status, message, headers }: Refusal,
  way: Html = html`<a href="/review">Go to the queue</a>`,
): Response {
  if (status === 401) return redirectTo('/review/sign-in');
  return pageOf({
    title: TITLES[status] ?? 'This cannot be done',
    status,
    headers,
    body: html`<p role="alert">${
      status === 500
        ? 'Your change may or may not have been made: check before you repeat it.'
        : `Nothing has changed: ${message}.`
    }</p>
<p class="row">${way}${
      status === 403 ? html`<a href="/review/sign-in">Sign in with another token</a>` : undefined
    }</p>`,
  });
}
