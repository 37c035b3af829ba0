import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { Decision } from '../../../src/matching/decision.js';
import { createFloodGuard } from '../../../src/matching/flood-guard.js';
import type { ScanOptions } from '../../../src/server/uploads/scanner.js';
import { allowing, BMP, busy, HALF, LISTED, NO_PICTURE, OTHER, reviewing } from './uploads.js';

/** The answer to an upload, and what is kept of it. */
interface Answered {
  readonly status: number;
  /** undefined: the framework does not show it */
  readonly retryAfter?: string | null;
  readonly stored: readonly Uint8Array[];
}

type Options = Partial<ScanOptions<unknown>>;

/**
 * What each adapter has to do with an upload, whatever its framework is.
 * @param answer uploads once to an application that has the adapter and nothing stored
 */
export function examAdapter(
  answer: (bytes: Uint8Array, options: Options) => Promise<Answered>,
): void {
  /** Uploads, and gives the decisions too. */
  async function told(bytes: Uint8Array, options: Options) {
    const decisions: Decision[] = [];
    const onDecision = (decision: Decision) => void decisions.push(decision);
    const { status, retryAfter, stored } = await answer(bytes, { ...options, onDecision });
    if (retryAfter !== undefined) expect(retryAfter).toBe(status === 503 ? '5' : null);
    return { status: status < 300 ? 200 : status, stored, decisions };
  }

  test('reviews are accepted, or refused', async () => {
    const decisions = [{ verdict: 'review' }];
    const kept = await told(LISTED, { blocklist: reviewing });
    expect(kept).toMatchObject({ status: 200, stored: [LISTED], decisions });
    const refused = await told(LISTED, { blocklist: reviewing, refuse: 'review' });
    expect(refused).toMatchObject({ status: 451, stored: [], decisions });
  });

  test.each([
    ['a picture of a kind that is not read', BMP, 415, {}],
    ['half a picture', HALF, 422, {}],
    ['a full queue', OTHER, 503, { check: busy }],
  ] as const)('%s is refused or accepted by onError, whole', async (_, bytes, status, options) => {
    const decisions = [{ verdict: 'unhashable' }];
    expect(await told(bytes, options)).toMatchObject({ status, stored: [], decisions });
    const accepted = await told(bytes, { ...options, onError: 'accept' });
    expect(accepted).toMatchObject({ status: 200, stored: [bytes], decisions });
  });

  test('no picture is accepted or refused by notPictures, whole', async () => {
    const decisions = [{ verdict: 'unhashable', reason: 'not-a-picture' }];
    const accepted = await told(NO_PICTURE, { onError: 'refuse' });
    expect(accepted).toMatchObject({ status: 200, stored: [NO_PICTURE], decisions });
    const refused = await told(NO_PICTURE, { onError: 'accept', notPictures: 'refuse' });
    expect(refused).toMatchObject({ status: 415, stored: [], decisions });
  });

  test('any file that a list has by its digest is refused, and others are not', async () => {
    const hash = createHash('md5').update(NO_PICTURE).digest();
    const entry = { hash: { algorithm: 'md5' as const, bytes: hash }, labels: [] };
    const blocklist = createBlocklist([entry]);
    const refused = await told(NO_PICTURE, { blocklist, onError: 'accept' });
    expect(refused).toMatchObject({ status: 451, stored: [] });
    expect(refused.decisions).toMatchObject([{ verdict: 'match', reason: 'matched-digest' }]);
    const other = Buffer.concat([NO_PICTURE, Buffer.from('.')]);
    const accepted = await told(other, { blocklist });
    expect(accepted).toMatchObject({ status: 200, stored: [other] });
    expect(accepted.decisions).toMatchObject([{ reason: 'not-a-picture' }]);
    expect(await told(OTHER, { blocklist })).toMatchObject({ status: 200, stored: [OTHER] });
  });

  test('the policy, the allow list and the flood guard are obeyed', async () => {
    const allowed = await told(LISTED, { allowList: allowing() });
    expect(allowed.status).toBe(200);
    expect(allowed.decisions).toMatchObject([{ verdict: 'none', reason: 'allowed' }]);
    const strict = await told(LISTED, { policy: { matchDistance: -1 } });
    expect(strict.decisions).toMatchObject([{ verdict: 'review', policy: { matchDistance: -1 } }]);
    const floodGuard = createFloodGuard();
    for (const name of ['count', 'isFlooded'] as const) {
      vi.spyOn(floodGuard, name).mockReturnValue(true);
    }
    const flooded = await told(LISTED, { floodGuard });
    expect(flooded.decisions).toMatchObject([{ verdict: 'review', reason: 'flooded' }]);
  });

  test('an upload beyond maxBytes is refused whatever onError returns, checked or not', async () => {
    for (const options of [{}, { check: busy }]) {
      const refused = await told(OTHER, { ...options, maxBytes: 1000, onError: 'accept' });
      expect(refused).toMatchObject({ status: 413, stored: [] });
      expect(refused.decisions.at(-1)).toMatchObject({ reason: 'too-many-bytes' });
    }
  });
}
