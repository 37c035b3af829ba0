import type { HeldBack } from '../node/index.js';

/** What is told of what a fetch held back, in JSON. */
export const heldBackJson = ({ keys: _, sinceSeconds, ...held }: HeldBack) => ({
  ...held,
  since: sinceOf(sinceSeconds),
});

/** The same in words. */
export const heldBackWords = ({ removals, of, sinceSeconds }: HeldBack): string =>
  `held back since ${sinceOf(sinceSeconds)}: the service did not tell ${removals} of ${of} entries; \
they stay`;

/** What is told of a fetch that does not know the end of its list. */
export const notReadWords = (notRead: string, isDrained: boolean): string =>
  `not read: ${notRead}${isDrained ? '' : '; nothing was removed'}`;

const sinceOf = (seconds: number) => new Date(1000 * seconds).toISOString();
