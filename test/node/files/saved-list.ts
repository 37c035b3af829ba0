import { writeFileSync } from 'node:fs';
import type { Blocklist } from '../../../src/blocklist/blocklist.js';
import { blocklistFile } from '../../../src/node/files/list-snapshot.js';

/** Writes a list as a blocklist file. */
export async function saveList(path: string, { state }: Blocklist): Promise<void> {
  const { pieces } = await blocklistFile(state);
  writeFileSync(path, Buffer.concat(pieces), { mode: 0o600 });
}
