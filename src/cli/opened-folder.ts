import { FormatError } from '../index.js';
import { type ListFolder, openListFolder } from '../node/index.js';
import { failureOf } from './failure.js';
import type { Output } from './output.js';

/** How long to wait before a folder that another program has is tried again. */
const RETRY_MILLISECONDS = 200;

/**
 * Opens the folder of a CONFIG to write in it. While another program does, it waits.
 * @throws {Failure} if it cannot be opened
 */
export async function openedFolder(
  path: string,
  { out, signal }: { out: Output; signal: AbortSignal },
): Promise<ListFolder> {
  for (let tries = 0; ; tries++) {
    try {
      return await openListFolder(path);
    } catch (error) {
      const isTaken = error instanceof FormatError && error.code === 'in-use';
      if (!isTaken) throw failureOf(path, error);
    }
    if (tries === 0) out.say(path, 'another program writes there; waiting for its end');
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    signal.throwIfAborted();
  }
}
