import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { FeedbackItem, FeedbackSender, Settled } from '../../../src/review/feedback-item.js';

/** A service that keeps what it is sent in a file, so that it outlives whoever sends. */
export function fileService(path: string) {
  const received = (): string[] =>
    existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return {
    received,
    take: ({ id }: FeedbackItem) => appendFileSync(path, `${id}\n`),
    settle: async ({ id }: FeedbackItem): Promise<Settled> =>
      received().includes(id) ? 'done' : 'absent',
  };
}

/**
 * Sends to it.
 * @param onTaken called when the service has the request, and the answer is on its way
 */
export function postTo(
  service: ReturnType<typeof fileService>,
  onTaken: (item: FeedbackItem) => unknown = () => {},
): FeedbackSender {
  return {
    async send(item) {
      await new Promise((resolve) => setImmediate(resolve));
      service.take(item);
      await onTaken(item);
      return 'done';
    },
    settle: service.settle,
  };
}
