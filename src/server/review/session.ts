/*
 * Moderators sign in with a token, and the browser gets a session. A form counts only if it comes
 * from a page of that session. Browsers send no cookie with forms of other sites, and state the
 * site of a form. Each form also has a secret word of the session.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { readBytes } from '../../node/read-bytes.js';
import type { Sessions } from '../../store/store.js';
import type { KnownCaller } from '../http/access.js';
import { AddressLimit, addressOf } from '../http/address-limit.js';
import { Refusal, type Route } from '../http/route.js';
import { tokenHash } from '../routes/webhook-sender.js';
import { type Html, html } from './html.js';
import { type Place, pageOf, placesFor, redirectTo, refusedPage } from './page.js';

/** Name of the cookie over plain HTTP. */
export const SESSION_COOKIE = 'onlyhashes-review';
/** Browsers accept a cookie of this name only over TLS and from this exact host. */
const SECURE_COOKIE = `__Host-${SESSION_COOKIE}`;
const MAX_BYTES = 16 * 1024;
const PACE = { minBytesPerSecond: 1024, idleSeconds: 10 };
const FORM = 'application/x-www-form-urlencoded';
const SIGN_IN = '/review/sign-in';
const SIGN_OUT = '/review/sign-out';

/** Finds the owner of a token; undefined if it is unknown. */
export type CallerOfToken = (token: string) => KnownCaller | undefined;

/** The session secret of a request; the session may have ended. */
export function secretOf(request: Request): string | undefined {
  const cookies = new Map<string, string>();
  for (const part of (request.headers.get('cookie') ?? '').split(/; */)) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(part) ?? [];
    if (name !== undefined && !cookies.has(name)) cookies.set(name, value!);
  }
  return cookies.get(SECURE_COOKIE) ?? cookies.get(SESSION_COOKIE);
}

/** The hash of the token of a request's session: a route's `tokenHashOf`. */
export const sessionToken =
  (sessions: Sessions) =>
  async (request: Request): Promise<string | undefined> => {
    const secret = secretOf(request);
    return secret === undefined ? undefined : await sessions.tokenHashOf(secret);
  };

/** The secret word of a session's form, for one purpose. */
function wordOf(request: Request, purpose: string): string {
  return createHmac('sha256', secretOf(request) ?? '')
    .update(purpose)
    .digest('base64url');
}

/** The hidden field that every form of the session needs. */
export const formWord = (request: Request, purpose: string): Html =>
  html`<input type="hidden" name="word" value="${wordOf(request, purpose)}">`;

/**
 * The fields of a form sent from a page of the session.
 * @param purpose the same as for `formWord`
 * @throws {Refusal} 403 if it was sent from elsewhere; 408, 413 or 415
 */
export async function readForm(
  request: Request,
  purpose: string,
  signal: AbortSignal,
  maxBytes = MAX_BYTES,
): Promise<URLSearchParams> {
  const fields = await readFields(request, signal, maxBytes);
  const given = Buffer.from(fields.get('word') ?? '');
  const word = Buffer.from(wordOf(request, purpose));
  if (given.length === word.length && timingSafeEqual(given, word)) return fields;
  throw notFromHere();
}

/** Like `readForm`, for a form before the session begins. */
async function readFields(
  request: Request,
  signal: AbortSignal,
  maxBytes = MAX_BYTES,
): Promise<URLSearchParams> {
  if (!isFromHere(request)) throw notFromHere();
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== FORM) throw new Refusal('unsupported', 'expected a form');
  const bytes = await readBytes(request, { maxBytes, signal, ...PACE });
  return new URLSearchParams(new TextDecoder().decode(bytes));
}

const notFromHere = () =>
  new Refusal('forbidden', 'the form is not from a page of your session; load it again');

/** True if the browser states that a page of this service sent the form. */
function isFromHere({ headers }: Request): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin';
  // Over plain HTTP browsers send only the origin. The scheme may be a proxy's.
  const origin = headers.get('origin') ?? '';
  return URL.canParse(origin) && new URL(origin).host === headers.get('host');
}

/**
 * Limits failed sign-ins. A generated token has 256 random bits, so this protects tokens that
 * people chose, and bounds the load. A valid token is refused only at an address that has itself
 * failed too often: attackers with many addresses are limited in the answers they get, not in their
 * attempts.
 */
export const signInLimit = (now: () => number) =>
  new AddressLimit({
    each: { most: 10, seconds: 30 },
    all: { most: 200, seconds: 1 },
    message: 'too many failed sign-ins; try again later',
    now,
  });

/**
 * Routes that sign in and out.
 * @param places the pages that the service has; one of them has to be open to a token
 */
export function sessionRoutes(
  sessions: Sessions,
  callerOfToken: CallerOfToken,
  { limit, places }: { readonly limit: AddressLimit; readonly places: readonly Place[] },
): Route[] {
  const signInPage = (problem?: string) => pageToSignIn(places, problem);
  return [
    {
      method: 'GET',
      path: SIGN_IN,
      role: 'public',
      about: 'Sign-in page of moderators and of the desk.',
      replies: { 200: undefined },
      refused: refusedPage,
      answer: () => signInPage(),
    },
    {
      method: 'POST',
      path: SIGN_IN,
      role: 'public',
      about: 'Opens a session for a token, in a cookie. Takes the form of the page.',
      media: [FORM],
      replies: { 303: undefined, 401: undefined, 403: undefined, 429: undefined },
      refused: refusedPage,
      answer: async ({ request, address, signal, note }) => {
        const fields = await readFields(request, signal);
        const from = addressOf(request, address);
        limit.admit(from);
        const token = (fields.get('token') ?? '').trim();
        const caller = callerOfToken(token);
        const [first] = caller ? placesFor(caller.role, places) : [];
        note({ signedIn: first !== undefined });
        if (!first) {
          limit.count(from);
          const roles = rolesOf(places).join(' or ');
          return signInPage(
            caller ? `This token does not have the role ${roles}.` : 'This token is not known.',
          );
        }
        const secret = await sessions.begin(tokenHash(token));
        return redirectTo(first.path, { 'set-cookie': cookieOf(request, secret) });
      },
    },
    {
      method: 'POST',
      path: SIGN_OUT,
      role: 'session',
      about: 'Ends the session. Takes the form of a page.',
      media: [FORM],
      replies: { 303: undefined },
      tokenHashOf: sessionToken(sessions),
      refused: refusedPage,
      answer: async ({ request, signal }) => {
        await readForm(request, SIGN_OUT, signal);
        await sessions.end(secretOf(request)!);
        const ended = `${cookieOf(request, '')}; Max-Age=0`;
        return redirectTo(SIGN_IN, { 'set-cookie': ended });
      },
    },
  ];
}

/** @param secret empty to end the session */
function cookieOf(request: Request, secret: string): string {
  const isSecure = request.headers.get('origin')?.startsWith('https:');
  const rules = 'Path=/; HttpOnly; SameSite=Strict';
  return isSecure
    ? `${SECURE_COOKIE}=${secret}; ${rules}; Secure`
    : `${SESSION_COOKIE}=${secret}; ${rules}`;
}

/** The button that ends the session. */
export const signOutForm = (request: Request): Html =>
  html`<form method="post" action="${SIGN_OUT}">${formWord(request, SIGN_OUT)}<button class="plain">Sign out</button></form>`;

const rolesOf = (places: readonly Place[]) => [...new Set(places.map(({ role }) => role))];

function pageToSignIn(places: readonly Place[], problem?: string): Response {
  const notice =
    problem && html`<div class="notice stop" role="alert"><p id="problem">${problem}</p></div>`;
  return pageOf({
    title: 'Sign in',
    status: problem === undefined ? 200 : 401,
    body: html`${notice}
<form method="post" action="${SIGN_IN}" class="narrow">
<p><label for="token">Your token</label>
<input id="token" name="token" type="password" required autocomplete="current-password"${
      problem === undefined ? undefined : html` aria-invalid="true" aria-describedby="problem"`
    }></p>
<p><button class="first">Sign in</button></p>
</form>
<p class="soft">Use a token of this service with the role ${rolesOf(places).map((role, at) => html`${at === 0 ? '' : ' or '}<em>${role}</em>`)}; each person needs a token of their own. The session lasts a working day. Browsers do not send it with links from other sites: if you followed one and are signed in already, go on to ${places.map(({ path, name }, at) => html`${at === 0 ? '' : ' or '}<a href="${path}">${name}</a>`)}.</p>`,
  });
}
