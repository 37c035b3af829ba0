import type { BlocklistEntry, ListFormat } from '../exchange/index.js';
import { counted } from './output.js';

/** Those that say which picture an entry is a part of. */
const TELLING: readonly ListFormat[] = ['csv', 'jsonl'];

/** Notes that a list format does not hold which pictures entries are parts of. */
export function groupNote(format: ListFormat) {
  let parts = 0;
  return {
    *counted(entries: Iterable<BlocklistEntry>): Generator<BlocklistEntry> {
      for (const entry of entries) {
        if (entry.group !== undefined) parts++;
        yield entry;
      }
    },
    /** @param say is called once, if there is something to be said */
    tell(say: (text: string) => void): void {
      if (parts === 0 || TELLING.includes(format)) return;
      const them = counted(parts, 'window belongs', 'windows belong');
      say(`left out: which picture ${them} to; csv and jsonl hold that`);
    },
  };
}
