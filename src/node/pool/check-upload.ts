import { checkOptions } from '../../door.js';
import type { Decision } from '../../matching/decision.js';
import type { SearchableList } from '../../matching/match.js';
import type { ImageSource } from '../read-bytes.js';
import { createHashPool } from './create-hash-pool.js';
import { type CheckOptions, checkPool, type Decide, type HashPool } from './hash-pool.js';

/** How an upload is checked. */
export interface CheckUploadOptions extends CheckOptions {
  /** where it is decoded and hashed; by default a pool of processes that all calls share */
  pool?: HashPool;
}

/** Made with the first upload. */
let shared: HashPool | undefined;

/**
 * Decides about an upload: a path, bytes, a `Blob` or `File`, a stream, or a `Request` or
 * `Response` whose body it is. Always a decision: what keeps it from being hashed makes it
 * `unhashable`, and is its reason: an error of the file, a limit, `busy` (see `createHashPool`), or
 * `aborted`. The upload is decoded in another process, so that it cannot crash or block this one.
 * @param list a blocklist, or what decides about the variants by it
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const { verdict, reason } = await check(request, blocklist, { signal: request.signal });
 */
export async function check(
  source: ImageSource,
  list: SearchableList | Decide,
  options: CheckUploadOptions = {},
): Promise<Decision> {
  checkOptions(options);
  const { pool, ...rest } = options;
  if (pool !== undefined) {
    checkPool(pool);
    return await pool.check(source, list, rest);
  }
  shared ??= createHashPool();
  return await shared.check(source, list, rest);
}
