import process from 'node:process';
import { openBlocklist } from '../../src/node/blocklist-file.js';
import { saveBlocklist } from '../../src/node/save-blocklist.js';

/* Withdraws ids from a blocklist file, each by itself, beside others that do so too. */

const [path, name, count] = process.argv.slice(2) as [string, string, string];
for (let at = 0; at < Number(count); ) {
  const list = await openBlocklist(path);
  list.withdraw({ id: `${name}${at}` });
  try {
    await saveBlocklist(path, list);
    at++;
  } catch (error) {
    if (!/old-generation/.test(Object(error).code)) throw error;
  }
}
