import { shownName } from '../failure.js';
import { counted, type Output, timeOf } from '../output.js';
import { type Cell, table } from '../table.js';

const COLOURS = { match: 'red', review: 'yellow', none: 'green', unhashable: 'magenta' } as const;

/**
 * Decisions for a person at a terminal, a row or more for each file, then a summary.
 * @param columns those after the verdict, as wide as their usual cells
 * @returns undefined if standard output is no terminal, or the command line asks for JSON
 */
export function verdictTable(columns: readonly string[], isJson: boolean, out: Output) {
  if (!out.isTerminal || isJson) return undefined;
  const begun = performance.now();
  const row = table(['VERDICT'.padEnd(10), ...columns], out, COLOURS);
  const counts = new Map<string, number>();
  return {
    async add(verdict: string, rows: readonly (readonly Cell[])[]): Promise<void> {
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      for (const cells of rows) await row(cells);
    },

    /**
     * Prints the summary: `9 files: 6 match, 1 review, 2 none, list.csv 3 entries, 1.2 s`.
     * @param more further facts
     */
    async end(
      { list, entries, unit }: { list: string; entries: number; unit: string },
      ...more: readonly string[]
    ): Promise<void> {
      const files = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const facts = [
        ...Object.keys(COLOURS).flatMap((verdict) =>
          counts.has(verdict) ? `${counts.get(verdict)} ${verdict}` : [],
        ),
        ...more,
        `${shownName(list)} ${counted(entries, 'entry', 'entries')}`,
        timeOf((performance.now() - begun) / 1000, 1),
      ];
      await out.line(`${counted(files, unit)}: ${facts.join(', ')}`);
    },
  };
}
