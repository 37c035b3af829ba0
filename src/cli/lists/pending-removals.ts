import type { FetchState } from '../../node/index.js';

type PendingRemovals = NonNullable<FetchState['pendingRemovals']>;

/** Pending removals of a fetch, as JSON. */
export const pendingRemovalsJson = ({ keys: _, sinceSeconds, ...held }: PendingRemovals) => ({
  ...held,
  since: sinceOf(sinceSeconds),
});

/** The same in words. */
export const pendingRemovalsText = ({ removals, of, sinceSeconds }: PendingRemovals): string =>
  `removals pending since ${sinceOf(sinceSeconds)}: the service did not send ${removals} of ${of} entries; they stay`;

/** The note about a fetch for which the end of its list is unknown. */
export const notReadWords = (notRead: string, isDrained: boolean): string =>
  `not read: ${notRead}${isDrained ? '' : '; nothing was removed'}`;

const sinceOf = (seconds: number) => new Date(1000 * seconds).toISOString();
