import { checkOptions, checkSignal } from '../door.js';
import type { Limits } from '../picture/options.js';
import { checkWorkers, poolOf, type WorkerOptions } from './pools.js';
import type { Readback } from './readback-canvas.js';
import { readbackIn } from './reply.js';

/**
 * Whether this browser gives back the pixels that it draws, asked of the canvas of a Worker, the only kind that is used:
 * known noise is decoded, drawn and read. `altered`: a privacy setting or an extension changes them; JPEG, PNG and WebP are
 * then decoded without a canvas, and other files are refused (`poisoned`). `absent`: there is no such canvas; the
 * same holds. Each hash checks anew: this is for telling a person beforehand.
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} `decoder-missing`, where the Worker does not run
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function checkPixelReadback(
  options: WorkerOptions & Pick<Limits, 'signal'> = {},
): Promise<Readback> {
  checkOptions(options);
  checkSignal(options.signal);
  checkWorkers(options);
  return await poolOf(options).run<Readback>({
    signal: options.signal,
    timeoutSeconds: 60,
    request: async () => ({ check: true }),
    result: readbackIn,
  });
}
