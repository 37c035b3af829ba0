import { writeFileSync } from 'node:fs';
import type { Blocklist } from '../../../src/blocklist/blocklist.js';
import { listFile } from '../../../src/blocklist/records/list-bytes.js';

/** Writes a list as a blocklist file. */
export async function saveList(path: string, { state }: Blocklist): Promise<void> {
  const { pieces } = await listFile(state);
  writeFileSync(path, Buffer.concat(pieces), { mode: 0o600 });
}
