import { writeCell } from '../exchange/index.js';
import { type FetchState, readListFolder } from '../node/index.js';
import type { Command } from './command.js';
import { failureOf } from './failure.js';
import { type ConfiguredList, readListConfig } from './list-config.js';
import { exitCode, output, progress } from './output.js';

/** `onlyhashes lists`: what was fetched, and when. */
export const listsCommand: Command = {
  name: 'lists',
  usage: 'CONFIG',
  about: `Tell how far each list of a CONFIG was fetched.
Prints a line NAME,SERVICE,ENTRIES,GENERATION,FETCHED,NEXT,UNKNOWN for each list. GENERATION \
goes up with each change of any list, FETCHED is when the last whole fetch began, NEXT is \
update, or restart if the next fetch begins from the start, and UNKNOWN how many words of \
the service this version does not know. CONFIG is as for fetch; no credential is needed.`,
  options: { json: { about: 'print one JSON object per list, with the unknown words' } },
  examples: [['onlyhashes lists lists.json', 'one line per list']],
  minWords: 1,
  maxWords: 1,
  async run(call) {
    const [path] = call.words as [string];
    const config = await readListConfig(path);
    const bar = progress('reading');
    const out = output(bar);
    try {
      bar.stage('reading the lists');
      const { blocklist, states } = await readListFolder(config.folder);
      const sizes = new Map(blocklist?.lists().map(({ name, size }) => [name, size]));
      const generation = blocklist?.generation ?? 0;
      bar.clear();
      for (const list of config.lists) {
        const { name, service } = list;
        const state = states.get(name);
        const { fetchedSeconds, unknown = [] } = state ?? {};
        const mustRestart = mustRestartNext(list, state);
        const entries = sizes.get(name) ?? 0;
        const fetched =
          fetchedSeconds === undefined ? undefined : new Date(fetchedSeconds * 1000).toISOString();
        const told = { name, service, entries, generation, fetched, mustRestart, unknown };
        const next = mustRestart ? 'restart' : 'update';
        const cells = [name, service, entries, generation, fetched, next, unknown.length];
        await out.line(
          call.on('json')
            ? JSON.stringify(told)
            : cells.map((cell) => writeCell(`${cell ?? ''}`)).join(','),
        );
      }
    } catch (error) {
      throw failureOf(config.folder, error);
    }
    return exitCode(out.errors, out.lines);
  },
};

function mustRestartNext(list: ConfiguredList, state: FetchState | undefined): boolean {
  const { checkpoint, mustRefetch, origin } = state ?? {};
  if (checkpoint === undefined || mustRefetch || origin !== list.origin) return true;
  try {
    return list.idleClient().mustRestart(checkpoint, Date.now() / 1000);
  } catch {
    // A checkpoint that the client cannot read.
    return true;
  }
}
