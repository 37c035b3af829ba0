import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Recorded answers: by name (a picture, an index, a call), then by question. */
export type Answers = Record<string, Record<string, string>>;

const PATH = join(import.meta.dirname, '../../fixtures/answers.json');

/** `1` records every answer again, `new` only those that are not on record yet. */
const RECORDING = process.env.RECORD_ANSWERS;
/** Whether the slow questions are asked too. */
export const ALL = process.env.ANSWERS === 'all' || RECORDING !== undefined;

const read = (): Record<string, Answers> =>
  existsSync(PATH) ? JSON.parse(readFileSync(PATH, 'utf8')) : {};
const recorded = read();
const made: Record<string, Answers> = {};

/**
 * Compares the answers of a section with the record, or records them.
 * @returns a line for each difference; none while recording
 */
export function differences(section: string, found: Answers): string[] {
  const before = recorded[section] ?? {};
  if (RECORDING !== undefined) {
    made[section] = RECORDING === 'new' ? merged(found, before) : found;
    return [];
  }
  const lines: string[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(found)])) {
    const [was = {}, is] = [before[name], found[name]];
    if (is === undefined) lines.push(`${name}: on record, and not asked any more`);
    const asked = new Set([...Object.keys(is ?? {}), ...(ALL ? Object.keys(was) : [])]);
    for (const what of asked) {
      if (was[what] === is?.[what]) continue;
      lines.push(`${name}, ${what}: ${was[what] ?? 'nothing'} on record, now ${is?.[what]}`);
    }
  }
  return lines;
}

/**
 * Writes the record. Other sections stay: those of reference data, and those that the tests of
 * another file have just written.
 */
export function writeRecord(): void {
  if (RECORDING === undefined) return;
  const sections = Object.entries({ ...read(), ...made }).map(([section, answers]) => {
    const names = Object.keys(answers).sort();
    const lines = names.map(
      (name) => `  ${JSON.stringify(name)}: ${JSON.stringify(answers[name])}`,
    );
    return ` ${JSON.stringify(section)}: {\n${lines.join(',\n')}\n }`;
  });
  writeFileSync(PATH, `{\n${sections.join(',\n')}\n}\n`);
}

function merged(found: Answers, before: Answers): Answers {
  const all = { ...before };
  for (const [name, answers] of Object.entries(found)) all[name] = { ...answers, ...before[name] };
  return all;
}

/**
 * The first 16 hex digits of the SHA-256 of bytes, of a text, or of any value as JSON. The order of
 * members does not matter.
 */
export function digest(value: unknown): string {
  const content =
    typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(plain(value));
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}
