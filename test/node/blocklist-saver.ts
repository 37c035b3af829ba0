import process from 'node:process';
import { loadBlocklist as openBlocklist } from '../../src/node/list-records.js';
import { changeBlocklist, saveBlocklist } from '../../src/node/save-blocklist.js';

/*
 * Withdraws ids from a blocklist file, each by itself, beside others that do so too: every other one
 * by itself, the others by `changeBlocklist`.
 */

const [path, name, count] = process.argv.slice(2) as [string, string, string];
for (let at = 0; at < Number(count); ) {
  const key = { id: `${name}${at}` };
  if (at % 2 === 1) {
    await changeBlocklist(path, (list) => list.withdraw(key));
    at++;
    continue;
  }
  const list = await openBlocklist(path);
  list.withdraw(key);
  try {
    await saveBlocklist(path, list);
    at++;
  } catch (error) {
    if (!/old-generation/.test(Object(error).code)) throw error;
  }
}
