import { checkLabels } from '../entry.js';

/**
 * Lines that one record may span. A stray quote would otherwise swallow all that follows; with this bound, what it
 * swallowed is read again, and each line at most this many times.
 */
export const MAX_RECORD_LINES = 32;

/** A CSV record as it grows line by line. */
export interface Row {
  readonly cells: string[];
  /** what a quoted cell holds so far, where the last line ended inside one */
  open: string | undefined;
}

/**
 * Reads one more line of a record (RFC 4180: commas, cells in double quotes, `""` for a quote). Cells without quotes
 * are trimmed; a quote inside one is a character like any other. Linear in the line.
 * @returns `closed` at the end of the record, `open` inside a quoted cell, `stray` where text follows a closing quote
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

// What starts a formula: at the start of a cell, or after what another locale takes for the end of one.
const FIRST_GUARD = /^( *)(?='*[=+\-@＝＋－＠\t\r\0])/;
const LATER_GUARD = /([,;\t\r\n] *)(?='*[=+\-@＝＋－＠])/g;
const FIRST_GUARDED = /^( *)'(?='*[=+\-@＝＋－＠\t\r\0])/;
const LATER_GUARDED = /([,;\t\r\n] *)'(?='*[=+\-@＝＋－＠])/g;

/**
 * One cell as CSV that is safe to open in a spreadsheet: an apostrophe goes before each `=`, `+`, `-` or `@` that
 * starts the cell or follows a `,`, `;`, tab or line break in it (locales differ in what separates cells). `readRow`
 * takes it away again: what was written is what is read.
 * Source: OWASP, CSV Injection; ASVS 5, 1.2.10.
 * @throws {TypeError} if `text` is no string
 */
export function writeCell(text: string): string {
  if (typeof text !== 'string') throw new TypeError('expected text to be a string');
  const safe = text.replace(LATER_GUARD, "$1'").replace(FIRST_GUARD, "$1'");
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function unguard(cell: string): string {
  if (!cell.includes("'")) return cell;
  return cell.replace(FIRST_GUARDED, '$1').replace(LATER_GUARDED, '$1');
}

/**
 * Labels as one cell: `;` between them; a `;`, a `\` and a blank at either end have a `\` before them.
 * @throws {TypeError} if `labels` is no list of strings
 */
export function joinLabels(labels: readonly string[]): string {
  checkLabels(labels);
  return labels.map((label) => label.replace(/[\\;]|^\s|\s$/g, '\\$&')).join(';');
}

/** The labels that `joinLabels` joined. Blanks around a label are dropped, and so are empty ones. */
export function splitLabels(cell: string): string[] {
  const labels: string[] = [];
  for (const part of cell.match(/(?:[^\\;]|\\.?)+/gs) ?? []) {
    const from = part.trimStart();
    let to = from.trimEnd().length;
    // A blank with a `\` before it (itself not written by `\\`) belongs to the label.
    let slashes = 0;
    while (from[to - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 1) to++;
    const label = from.slice(0, to).replace(/\\([\\;\s])/g, '$1');
    if (label !== '') labels.push(label);
  }
  return labels;
}
