/*
 * Checks of the arguments of public functions. A message states what was expected but never quotes
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
 * Checks that every member of `options` is known: a misspelt one would be silently ignored.
 * @throws {TypeError} that names the unknown member if it is a short identifier, and the nearest
 *   known one if it is probably meant; never a value
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

/** Levenshtein's: the number of characters inserted, removed or replaced. Case is ignored. */
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
 * Checks the argument of a function that takes no options, `close` say.
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
  kind: 'boolean' | 'function' | 'number' | 'string',
): void {
  if (value !== undefined && typeof value !== kind) wrongKind(`${name} to be a ${kind}`);
}

/** @throws {RangeError} unless `value` is one of `values`: texts, numbers, booleans or undefined */
export function checkOneOf(
  name: string,
  value: unknown,
  values: readonly (string | number | boolean | undefined)[],
): void {
  if (values.includes(value as string)) return;
  const known = values.filter((one) => one !== undefined);
  const shown = known.map((one) => (typeof one === 'string' ? `'${one}'` : one));
  wrongRange(`${name} ${shown.join(' or ')}`);
}

/** @throws {TypeError} unless `value` is an instance of `kind` */
export function checkArray(
  name: string,
  value: unknown,
  kind: typeof Uint8Array | typeof Uint32Array,
): void {
  if (!(value instanceof kind)) wrongKind(`${name} to be a ${kind.name}`);
}

/** @throws {TypeError} `expected ${what}` */
export function wrongKind(what: string): never {
  throw new TypeError(`expected ${what}`);
}

/** @throws {RangeError} `expected ${what}` */
export function wrongRange(what: string): never {
  throw new RangeError(`expected ${what}`);
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
const MAX_JSON = 65_536;

/** @throws {TypeError | RangeError} unless `value` is JSON, and not too much */
export function checkedJson(name: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    // Reported below: the engine's message may quote.
  }
  if (json === undefined) throw new TypeError(`expected ${name} to be JSON`);
  if (json.length <= MAX_JSON) return json;
  throw new RangeError(`expected ${name} to have up to ${MAX_JSON} characters`);
}

/*
 * The options of a function, described once:
 *
 *   const POOL_OPTIONS = {
 *     workers: { is: integer, least: 1, default: 4 },
 *     isolation: { is: choice, of: ['process', 'thread'], default: 'process' },
 *   } satisfies OptionTable<HashPoolOptions>;
 *
 * The checks here, docs/options.md and the rows of test/doors/ are derived from it. An
 * option refers to the function that checks it, so a bundler takes only the checks that are used.
 */

/** One option. */
export interface Option {
  readonly is: OptionCheck;
  /** the bounds of a number; both are allowed */
  readonly least?: number;
  readonly most?: number;
  /** the values of a choice */
  readonly of?: readonly (string | number | boolean)[];
  /** the methods of an object */
  readonly methods?: readonly string[];
  /** the options of a nested object */
  readonly options?: OptionTable<object>;
  /** its value if absent */
  readonly default?: unknown;
  /** must be present */
  readonly required?: true;
}

/**
 * @param options the whole options object
 * @throws {TypeError | RangeError} unless `value` is valid for its option
 */
export type OptionCheck = (name: string, value: unknown, option: Option, options: object) => void;

/** Every option of `Options`, by name. */
export type OptionTable<Options> = { readonly [Name in keyof Required<Options>]: Option };

/** Options that were checked: each has its default, or is undefined. */
export type Checked<Options, Table> = {
  readonly [Name in keyof Required<Options>]:
    | Exclude<Required<Options>[Name], undefined>
    | (Name extends keyof Table
        ? Table[Name] extends { default: unknown } | { required: true }
          ? never
          : undefined
        : undefined);
};

/**
 * `options`, checked, with their defaults.
 * @throws {TypeError | RangeError} that states what was expected, and for an unknown option the
 *   nearest known name
 */
export function checkedOptions<Options extends object, Table extends OptionTable<Options>>(
  options: Options,
  table: Table,
): Checked<Options, Table> {
  checkOptions(options);
  checkKnown(options, Object.keys(table));
  return checkedBriefly(options, table);
}

/**
 * As `checkedOptions`, for functions that a page may load alone, where bytes count: the error for
 * an unknown option names all known ones.
 */
export function checkedBriefly<Options extends object, Table extends OptionTable<Options>>(
  options: Options,
  table: Table,
): Checked<Options, Table> {
  checkOptions(options);
  for (const name in options) {
    if (!(name in table)) wrongKind(`options ${Object.keys(table)}`);
  }
  const checked: Record<string, unknown> = {};
  for (const name in table) {
    const option = table[name as keyof Table] as Option;
    const { [name]: value = option.default } = options as Readonly<Record<string, unknown>>;
    if (value !== undefined || option.required) option.is(name, value, option, options);
    checked[name] = value;
  }
  return checked as Checked<Options, Table>;
}

/** One table of several; of two options with one name, the later one counts. */
export const tableOf = <const Tables extends readonly object[]>(
  ...tables: Tables
): Joined<Tables> => Object.assign({}, ...tables) as Joined<Tables>;

type Joined<Tables> = Tables extends readonly [infer First, ...infer Rest]
  ? {
      readonly [Name in keyof First | keyof Joined<Rest>]: Name extends keyof Joined<Rest>
        ? Joined<Rest>[Name]
        : First[Name & keyof First];
    }
  : unknown;

export const boolean: OptionCheck = (name, value) => checkTypeOf(name, value, 'boolean');

// A check gets undefined only of an option that is required.
export const callback: OptionCheck = (name, value) => checkTypeOf(name, value ?? null, 'function');

export function text(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') wrongKind(`${name} to be a string`);
}

export const integer: OptionCheck = (name, value, { least = 0, most }) =>
  checkInteger(name, value, least, most);

export const number: OptionCheck = (name, value, { least = 0, most }) =>
  checkNumber(name, value, least, most);

/** A number above 0. */
export const positive: OptionCheck = (name, value, { most = Infinity }) => {
  checkTypeOf(name, value, 'number');
  if ((value as number) > 0 && (value as number) <= most) return;
  wrongRange(`${name} above 0, up to ${most}`);
};

export const choice: OptionCheck = (name, value, { of = [] }) => checkOneOf(name, value, of);

export const iterable: OptionCheck = (name, value) =>
  checkIterable(value, `${name} to be an iterable`);

/** A clock: milliseconds since 1970. */
export const NOW = { is: callback, default: () => Date.now() } as const;

/** An AbortSignal. */
const abortSignal: OptionCheck = (_, value) => checkSignal(value);
export const SIGNAL = { is: abortSignal } as const;

/** A list of strings, `least` or more. */
export const texts: OptionCheck = (name, value, { least = 0 }) => {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    wrongKind(`${name} to be a list of strings`);
  }
  if (value.length < least) wrongRange(`${name} to have ${least} or more`);
};

/** An object with certain methods. */
export const object: OptionCheck = (name, value, { methods = [] }) =>
  checkMethods(value, `${name} to have ${methods.join(', ')}`, methods);

/** An object with options of its own. */
export const nested: OptionCheck = (name, value, { options = {} }) => {
  checkOptions(value as object, `${name} to be an object`);
  checkedOptions(value as object, options);
};
