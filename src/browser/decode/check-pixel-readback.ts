import { checkedBriefly, SIGNAL, tableOf } from '../../door.js';
import { type Limits, TIMEOUT_SECONDS } from '../../picture/options.js';
import { within } from '../../picture/waiting.js';
import { readbackIn } from '../worker/reply.js';
import { answerTo, poolOf, WORKER_OPTIONS, type WorkerOptions } from '../worker/workers.js';
import type { Readback } from './readback-canvas.js';

export const READBACK_OPTIONS = /* @__PURE__ */ tableOf(WORKER_OPTIONS, { signal: SIGNAL });

/**
 * Checks that this browser gives back the pixels that it draws. It draws known noise on a canvas in
 * a Worker, the only kind in use, and reads it back. `altered`: a privacy setting or an extension
 * changes pixels; JPEG, PNG and WebP are then decoded without a canvas, and other files are
 * rejected (`poisoned`). `absent`: there is no such canvas; the same applies. Each hash checks this
 * again: call it to notify a person beforehand.
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} `decoder-missing` if the Worker does not run, or `timeout`
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function checkPixelReadback(
  options: WorkerOptions & Pick<Limits, 'signal'> = {},
): Promise<Readback> {
  checkedBriefly(options, READBACK_OPTIONS);
  return await within(TIMEOUT_SECONDS, options.signal, (end) =>
    poolOf(options).use((worker) => answerTo(worker, { check: true }, readbackIn), end),
  );
}
