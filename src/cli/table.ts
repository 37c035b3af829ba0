import { coloured, type Output, shown } from './output.js';

/** A value in a table. `-` stands for an unknown or empty one. */
export type Cell = string | number | boolean | undefined;

const GAP = '  ';

/** Colours of cells in the first column, by their text. */
type Colours = Readonly<Record<string, Parameters<typeof coloured>[0]>>;

/** Characters that take two columns of a terminal. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/gu;

const widthOf = (text: string): number => [...text].length + (text.match(WIDE)?.length ?? 0);

const textOf = (cell: Cell): string =>
  cell === undefined || cell === ''
    ? '-'
    : shown(`${cell}`).replaceAll('\n', '\\n').replaceAll('\t', '\\t');

/**
 * A table for a person at a terminal. The header is printed with the first row. A longer cell
 * widens its column from there on, so that rows can be printed while the work goes on.
 * @returns a function that prints a row
 */
export function table(header: readonly string[], out: Output, colours?: Colours) {
  const widths = header.map(widthOf);
  const padded = (text: string, at: number) => {
    if (at === widths.length - 1) return text;
    const width = widthOf(text);
    widths[at] = Math.max(widths[at]!, width);
    return text + ' '.repeat(widths[at] - width) + GAP;
  };
  let isBegun = false;
  return async (cells: readonly Cell[]): Promise<void> => {
    if (!isBegun) await out.line(header.map(padded).join('').trimEnd());
    isBegun = true;
    const [first, ...others] = cells.map((cell, at) => padded(textOf(cell), at));
    const colour = colours?.[first!.trim()];
    if (colour) await out.line(others.join(''), coloured(colour, first!));
    else await out.line([first, ...others].join(''));
  };
}

/**
 * Prints a table of known rows, after an empty line if it is not the first output. Columns that are
 * empty throughout are left out.
 */
export async function printTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  out: Output,
): Promise<void> {
  const columns = header.flatMap((name, at) => {
    const texts = rows.map((cells) => textOf(cells[at]));
    const width = Math.max(...[name, ...texts].map(widthOf));
    return texts.some((text) => text !== '-') ? { at, name: name.padEnd(width) } : [];
  });
  if (rows.length > 0 && out.lines > 0) await out.line('');
  const names = columns.map(({ name }) => name);
  const row = table(names, out);
  for (const cells of rows) await row(columns.map(({ at }) => cells[at]));
}
