import type { ReviewFacts } from '../../../src/review/review-record.js';
import { hexOf, newRecord } from '../../matching/reviews.js';

export const TOKEN = 'a-token-of-many-characters';

/** An upload that is the picture of entry `NUMBER` of a service: `stop NUMBER` or `ncmec NUMBER`. */
export function factsOf({ id }: { id: string }): ReviewFacts[] | undefined {
  const [service, number] = id.split(' ');
  const hash = hexOf(Number(number));
  const entry =
    service === 'stop'
      ? ({ algorithm: 'pdq', hash, id: `ImagePDQ:${hash}`, source: 'StopNCII' } as const)
      : ({ algorithm: 'pdq', hash, id: `7/${number}`, source: 'ncmec/industry' } as const);
  const { outcome: _, role: __, ...facts } = newRecord(Number(number), { entry, distance: 0 });
  return [facts];
}
