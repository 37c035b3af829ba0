import { checkLabels } from '../entry.js';

/**
 * Most lines that one record may span. Without this bound, a stray quote would swallow the rest of
 * the list. The swallowed lines are read again, each at most this many times.
 */
export const MAX_RECORD_LINES = 32;

/** A CSV record as it grows line by line. */
export interface Row {
  readonly cells: string[];
  /** text of the quoted cell so far, if the last line ended inside one */
  open: string | undefined;
}

/**
 * Reads one more line of a record (RFC 4180: commas, cells in double quotes, `""` for a quote).
 * Unquoted cells are trimmed, and a quote inside one is an ordinary character. Time is linear in
 * the length of the line.
 * @returns `closed` at the end of the record, `open` inside a quoted cell, `stray` if text follows
 *   a closing quote
 */
export function readRow(line: string, row: Row): 'closed' | 'open' | 'stray' {
  let at = 0;
  let quoted = row.open;
  if (quoted !== undefined) quoted += '\n';
  for (;;) {
    if (quoted === undefined) {
      const start = skipBlanks(line, at);
      if (line[start] === '"') {
        quoted = '';
        at = start + 1;
      } else {
        const comma = line.indexOf(',', at);
        row.cells.push(unguard(line.slice(at, comma < 0 ? line.length : comma).trim()));
        if (comma < 0) return 'closed';
        at = comma + 1;
        continue;
      }
    }
    const quote = line.indexOf('"', at);
    if (quote < 0) {
      row.open = quoted + line.slice(at);
      return 'open';
    }
    quoted += line.slice(at, quote);
    at = quote + 1;
    if (line[at] === '"') {
      quoted += '"';
      at++;
      continue;
    }
    row.cells.push(unguard(quoted));
    row.open = quoted = undefined;
    at = skipBlanks(line, at);
    if (at === line.length) return 'closed';
    if (line[at] !== ',') return 'stray';
    at++;
  }
}

function skipBlanks(line: string, at: number): number {
  while (at < line.length && (line[at] === ' ' || line[at] === '\t' || line[at] === '\r')) at++;
  return at;
}

// Characters that start a formula. They count at the start of a cell and after any character that
// ends a cell in another locale.
const FIRST_GUARD = /^( *)(?='*[=+\-@＝＋－＠\t\r\0])/;
const LATER_GUARD = /([,;\t\r\n] *)(?='*[=+\-@＝＋－＠])/g;
const FIRST_GUARDED = /^( *)'(?='*[=+\-@＝＋－＠\t\r\0])/;
const LATER_GUARDED = /([,;\t\r\n] *)'(?='*[=+\-@＝＋－＠])/g;

/**
 * A CSV cell that is safe to open in a spreadsheet. An apostrophe goes before each `=`, `+`, `-` or
 * `@` that starts the cell or follows a `,`, `;`, tab or line break in it, because locales differ
 * in what separates cells. `readRow` removes it again, so the text round-trips.
 * Source: OWASP, CSV Injection; ASVS 5, 1.2.10.
 * @param content text, or labels: they are separated by `;`, and a `\` escapes each `;`, each `\`,
 *   and a blank at either end of a label
 * @throws {TypeError} if it is neither
 */
export function writeCell(content: string | readonly string[]): string {
  const text = typeof content === 'string' ? content : joinLabels(content);
  const safe = text.replace(LATER_GUARD, "$1'").replace(FIRST_GUARD, "$1'");
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function unguard(cell: string): string {
  if (!cell.includes("'")) return cell;
  return cell.replace(FIRST_GUARDED, '$1').replace(LATER_GUARDED, '$1');
}

/** Labels in one cell, not yet written. @throws {TypeError} unless they are strings */
export function joinLabels(labels: readonly string[]): string {
  checkLabels(labels);
  return labels.map((label) => label.replace(/[\\;]|^\s|\s$/g, '\\$&')).join(';');
}

/** Splits a cell written by `joinLabels`. Blanks around labels and empty labels are dropped. */
export function splitLabels(cell: string): string[] {
  const labels: string[] = [];
  for (const part of cell.match(/(?:[^\\;]|\\.?)+/gs) ?? []) {
    const from = part.trimStart();
    let to = from.trimEnd().length;
    // A blank after an unescaped `\` belongs to the label.
    let slashes = 0;
    while (from[to - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 1) to++;
    const label = from.slice(0, to).replace(/\\([\\;\s])/g, '$1');
    if (label !== '') labels.push(label);
  }
  return labels;
}
