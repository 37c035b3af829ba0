/*
 * Checks of the arguments of public functions. A message says what was expected but never quotes
 * the value, which may be a hash, a label or a file name, because messages end up in logs.
 */

/** @throws {TypeError} `expected ${what}`, unless `value` is an object */
export function checkObject(value: unknown, what: string): void {
  if (typeof value !== 'object' || value === null) wrongKind(what);
}

/** @throws {TypeError} `expected ${what}`, unless `value` is an object with these methods */
export function checkMethods(value: unknown, what: string, names: readonly string[]): void {
  checkObject(value, what);
  const given = value as Record<string, unknown>;
  if (!names.every((name) => typeof given[name] === 'function')) wrongKind(what);
}

/**
 * @throws {TypeError} unless `options` is a plain object; a list or a promise would otherwise pass
 *   as empty options
 */
export function checkOptions(options: object, what = 'options to be an object'): void {
  checkObject(options, what);
  if (Symbol.iterator in options || 'then' in options) wrongKind(what);
}

/**
 * Checks that every member of `options` is known: a misspelt one would be ignored in silence.
 * @throws {TypeError} naming the unknown member if it is a short identifier, and the nearest known
 *   one if that may be meant; never a value
 */
export function checkKnown(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    if (!/^[A-Za-z_]\w{0,39}$/.test(name)) throw new TypeError('unknown option');
    const [nearest] = known
      .map((one) => ({ one, edits: editDistance(name, one) }))
      .filter(({ one, edits }) => edits <= Math.max(1, name.length / 3, one.length / 3))
      .sort((a, b) => a.edits - b.edits);
    const hint = nearest ? `: did you mean ${nearest.one}?` : '';
    throw new TypeError(`unknown option ${name}${hint}`);
  }
}

/** Levenshtein's: how many characters are inserted, removed or replaced. Case does not count. */
function editDistance(a: string, b: string): number {
  const wanted = b.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, one] of [...a.toLowerCase()].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (one === wanted[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/**
 * Checks what is given to a function that takes no options, `close` say.
 * @throws {TypeError} if it has any
 */
export function checkNoOptions(options: object = {}): void {
  checkOptions(options);
  checkKnown(options, []);
}

/** @throws {TypeError} if `value` is present and `typeof value` is not `kind` */
export function checkTypeOf(
  name: string,
  value: unknown,
  kind: 'boolean' | 'function' | 'string',
): void {
  if (value !== undefined && typeof value !== kind) wrongKind(`${name} to be a ${kind}`);
}

/** @throws {RangeError} unless `value` is one of `values`, texts or undefined */
export function checkOneOf(
  name: string,
  value: unknown,
  values: readonly (string | undefined)[],
): void {
  if (values.includes(value as string)) return;
  throw new RangeError(`expected ${name} '${values.filter(Boolean).join("' or '")}'`);
}

/** @throws {TypeError} unless `value` is an instance of `kind` */
export function checkArray(
  name: string,
  value: unknown,
  kind: typeof Uint8Array | typeof Uint32Array,
): void {
  if (!(value instanceof kind)) wrongKind(`${name} to be a ${kind.name}`);
}

function wrongKind(what: string): never {
  throw new TypeError(`expected ${what}`);
}

/**
 * @param most the upper bound, if any
 * @throws {TypeError} unless `value` is a number
 * @throws {RangeError} unless it is an integer from `least` to `most`
 */
export function checkInteger(name: string, value: unknown, least: number, most?: number): void {
  const given = value as number;
  if (!Number.isSafeInteger(given) || given < least || given > most!) {
    outside(`${name} to be an integer`, given, least, most);
  }
}

/** Like `checkInteger`, for any number. */
export function checkNumber(name: string, value: unknown, least: number, most?: number): void {
  const given = value as number;
  if (typeof given !== 'number' || !(given >= least) || given > most!) {
    outside(`${name} to be a number`, given, least, most);
  }
}

function outside(what: string, value: unknown, least: number, most?: number): never {
  const range = most === undefined ? `>= ${least}` : `${least} to ${most}`;
  const Mistake = typeof value === 'number' ? RangeError : TypeError;
  throw new Mistake(`expected ${what} ${range}`);
}

/** @throws {TypeError} `expected ${what}`, unless `value` is an iterable object; a string is not */
export function checkIterable(value: unknown, what: string): void {
  checkObject(value, what);
  if (!(Symbol.iterator in (value as object))) wrongKind(what);
}

/** Like `checkIterable`, but an async iterable passes too. */
export function checkAsyncIterable(value: unknown, what: string): void {
  checkObject(value, what);
  if (!(Symbol.asyncIterator in (value as object))) checkIterable(value, what);
}

/** @throws {TypeError} unless `signal` is an AbortSignal or absent */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  const { throwIfAborted } = Object(signal) as Partial<AbortSignal>;
  if (typeof throwIfAborted !== 'function') wrongKind('signal to be an AbortSignal');
}

/** Characters of JSON. */
const MAX_JSON = 64 * 1024;

/** @throws {TypeError | RangeError} unless `value` is JSON, and not too much */
export function checkedJson(name: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    // Told below: the engine's words may quote.
  }
  if (json === undefined) throw new TypeError(`expected ${name} to be JSON`);
  if (json.length <= MAX_JSON) return json;
  throw new RangeError(`expected ${name} to have up to ${MAX_JSON} characters`);
}
