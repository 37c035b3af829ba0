/*
 * Erases the rows of what was removed more than DAYS ago, such as the hashes of cases that were
 * taken back: `node purge.mjs`, with ONLYHASHES_STORE. Clients that have not fetched for 30 days
 * begin again, so those that follow have learned of it by then.
 */
import { readFileSync } from 'node:fs';
import { openStore } from 'onlyhashes/server';

const DAYS = 31;
const { ONLYHASHES_STORE: place, PGPASSWORD_FILE: file } = process.env;
if (file) process.env.PGPASSWORD = readFileSync(file, 'utf8').trim();
const store = await openStore(place.startsWith('postgres') ? { url: place } : { dataDir: place });
const { rows } = await store.purge(new Date(Date.now() - DAYS * 86_400_000));
await store.close();
console.log(`rows erased: ${rows}`);
