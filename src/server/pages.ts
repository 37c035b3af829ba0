import type { Cases, Store } from '../store/store.js';
import { DESK_PLACES, deskRoutes } from './desk/routes.js';
import type { Access } from './http/access.js';
import type { Route } from './http/route.js';
import { type Frame, pageOf, placesFor } from './review/page.js';
import { REVIEW_PLACES, type ReviewPages, reviewRoutes } from './review/routes.js';
import { sessionRoutes, signInLimit, signOutForm } from './review/session.js';
import type { ServiceParts } from './routes/parts.js';

/** Dependencies of the pages. */
interface Pages {
  readonly parts: ServiceParts;
  readonly store: Store;
  readonly access: Access;
  /** the moderators' pages; absent: none */
  readonly review: Pick<ReviewPages, 'queue' | 'log' | 'uploads' | 'onError'> | undefined;
  /** the desk's pages; absent: none */
  readonly cases: Cases | undefined;
  /** of a session; absent: the default */
  readonly hours: number | undefined;
}

/** The pages for moderators and for the desk, and the sessions of both. */
export function pageRoutes({ parts, store, access, review, cases, hours }: Pages): Route[] {
  const { now } = parts;
  const sessions = store.sessions({ now, ...(hours !== undefined && { hours }) });
  const places = [...(review ? REVIEW_PLACES : []), ...(cases ? DESK_PLACES : [])];
  const framed: Frame = ({ request, caller }, { at, ...page }) =>
    pageOf({
      ...page,
      nav: { at, places: placesFor(caller!.role, places), signOut: signOutForm(request) },
    });
  const limit = signInLimit(() => performance.now());
  const common = { parts, sessions, framed };
  return [
    ...sessionRoutes(sessions, (token) => access.callerOfToken(token), { limit, places }),
    ...(review ? reviewRoutes({ ...common, ...review }) : []),
    ...(cases ? deskRoutes({ ...common, cases }) : []),
  ];
}
