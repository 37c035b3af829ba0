import type { Decision } from '../../matching/decision.js';
import { checkId, checkLink } from '../../store/reviews/review-item.js';
import type { ReviewQueue } from '../../store/store.js';
import type { Schema } from '../http/json-schema.js';
import { type QueryOf, Refusal } from '../http/route.js';

/** Query that also submits a picture to the moderators. */
export const ITEM_QUERY = {
  item: {
    type: 'string',
    minLength: 1,
    maxLength: 200,
    description:
      "the platform's own name for the upload, never the name of a user or a file; under it, a `match` or `review` is queued for a moderator",
  },
  link: {
    type: 'string',
    maxLength: 2000,
    description: 'with `item`: where the platform shows the upload to its moderators',
  },
} as const satisfies Record<string, Schema>;

/** An upload named by its platform. */
export interface NamedUpload {
  /**
   * Submits the upload to the moderators, if its verdict is `match` or `review`.
   * @returns true if this call queued it: a name is queued only once
   */
  queue(decision: Decision): Promise<boolean>;
}

/**
 * The upload that a request names; undefined if it names none.
 * @param queue undefined if this service has none
 * @throws {Refusal} 400 or 501, before anything is read
 */
export function namedUpload(
  { item: id, link }: QueryOf<typeof ITEM_QUERY>,
  queue: ReviewQueue | undefined,
): NamedUpload | undefined {
  if (id === undefined && link === undefined) return undefined;
  if (id === undefined) throw new Refusal('bad-request', 'expected query.item with query.link');
  if (!queue) throw new Refusal('not-available', 'expected a service with a review queue');
  try {
    checkId(id);
    if (link !== undefined) checkLink(link);
  } catch (error) {
    throw new Refusal('bad-request', (error as Error).message);
  }
  return {
    queue: async (decision) =>
      (decision.verdict === 'match' || decision.verdict === 'review') &&
      (await queue.put({ id, decision, ...(link !== undefined && { link }) })),
  };
}
