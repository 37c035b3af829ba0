import process from 'node:process';
import type { BlocklistEntry } from '../../../src/entry.js';
import { hashFromHex } from '../../../src/hash.js';
import type { ListSettings } from '../../../src/policy.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import type { Store } from '../../../src/store/store.js';

/* Makes the changes of a store that its parent tells, and says which revision each has. */

/** An entry without what its parent does not change. */
export interface TextEntry {
  readonly hex: string;
  readonly list: string;
  readonly id?: string;
}

export type StoreChange =
  | { readonly kind: 'add'; readonly entries: readonly TextEntry[] }
  | { readonly kind: 'replace'; readonly list: string; readonly entries: readonly TextEntry[] }
  | { readonly kind: 'withdraw' | 'reinstate'; readonly hex: string }
  | { readonly kind: 'withdraw' | 'reinstate'; readonly id: string }
  | { readonly kind: 'remove' | 'pause' | 'resume'; readonly number: number }
  | { readonly kind: 'set'; readonly list: string; readonly settings: ListSettings }
  | { readonly kind: 'allow' | 'disallow'; readonly hex: string };

export interface Order {
  readonly number: number;
  readonly change: StoreChange;
}

export interface Done {
  readonly number: number;
  readonly revision: number;
  /** of entries that were added */
  readonly numbers?: readonly number[];
}

const entryOf = ({ hex, list, id }: TextEntry): BlocklistEntry => ({
  hash: hashFromHex('pdq', hex),
  labels: [],
  list,
  ...(id !== undefined && { id }),
});

const keyOf = (change: { hex: string } | { id: string }) =>
  'hex' in change ? hashFromHex('pdq', change.hex) : { id: change.id };

function made(store: Store, change: StoreChange): Promise<Omit<Done, 'number'>> {
  switch (change.kind) {
    case 'add':
      return store.apply({ add: change.entries.map(entryOf) });
    case 'replace':
      return store.apply({ replace: { list: change.list, entries: change.entries.map(entryOf) } });
    case 'withdraw':
      return store.apply({ withdraw: [keyOf(change)] });
    case 'reinstate':
      return store.apply({ reinstate: [keyOf(change)] });
    case 'remove':
      return store.apply({ remove: [change.number] });
    case 'pause':
      return store.pause(change.number, 'for-good');
    case 'resume':
      return store.pause(change.number, undefined);
    case 'set':
      return store.apply({ settings: { [change.list]: change.settings } });
    case 'allow':
      return store.apply({ allow: [{ hash: hashFromHex('pdq', change.hex), reason: 'a flag' }] });
    case 'disallow':
      return store.apply({ disallow: [{ hash: hashFromHex('pdq', change.hex) }] });
  }
}

process.on('disconnect', () => process.exit());
const store = await openStore({ url: process.argv[2]! });
process.on('message', async ({ number, change }: Order) => {
  const { revision, numbers = [] } = await made(store, change);
  process.send!({ number, revision, numbers } satisfies Done);
});
process.send!('ready');
