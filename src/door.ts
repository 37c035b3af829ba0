/*
 * What public functions ask of their arguments. A message says what was expected. Of the value it tells a number at
 * most: anything else may be a hash, a label or a file name, and messages end in logs.
 */

/** @throws {TypeError} `expected ${what}`, unless `value` is an object */
export function checkObject(value: unknown, what: string): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`expected ${what}`);
}

/** @throws {TypeError} unless `options` is an object: a list or a promise is a mistake, though it has no wrong option */
export function checkOptions(options: object): void {
  checkObject(options, 'options to be an object');
  if (Symbol.iterator in options || 'then' in options) {
    throw new TypeError('expected options to be an object');
  }
}

/**
 * @param kind as `typeof` names it
 * @throws {TypeError} if a value that is there is of another kind
 */
export function checkKinds(
  values: Readonly<Record<string, unknown>>,
  kind: 'boolean' | 'function' | 'string',
): void {
  for (const name in values) {
    const value = values[name];
    if (value !== undefined && typeof value !== kind) {
      throw new TypeError(`expected ${name} to be a ${kind}`);
    }
  }
}

/**
 * @throws {TypeError} unless `value` is a number
 * @throws {RangeError} unless it is one from `least` to `most`
 */
export function checkNumber(
  name: string,
  value: unknown,
  least: number,
  most = Number.POSITIVE_INFINITY,
  integer = false,
): void {
  const isNumber = typeof value === 'number';
  if (isNumber && value >= least && value <= most && (!integer || Number.isInteger(value))) return;
  const range = most < Number.MAX_SAFE_INTEGER ? `${least} to ${most}` : `>= ${least}`;
  const expected = `expected ${name} to be ${integer ? 'an integer' : 'a number'} ${range}`;
  throw isNumber ? new RangeError(`${expected}, got ${value}`) : new TypeError(expected);
}

/** As `checkNumber`, of integers. */
export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  checkNumber(name, value, least, most, true);
}

/** @throws {TypeError} `expected ${what}`, unless `value` can be gone through; a string cannot */
export function checkIterable(value: unknown, what: string): void {
  checkObject(value, what);
  if (!(Symbol.iterator in (value as object))) throw new TypeError(`expected ${what}`);
}

/** As `checkIterable`, of what may also arrive bit by bit. */
export function checkAsyncIterable(value: unknown, what: string): void {
  checkObject(value, what);
  if (!(Symbol.asyncIterator in (value as object))) checkIterable(value, what);
}

/** @throws {TypeError} unless `signal` is an AbortSignal or absent */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  checkObject(signal, 'signal to be an AbortSignal');
  if (typeof (signal as AbortSignal).throwIfAborted !== 'function') {
    throw new TypeError('expected signal to be an AbortSignal');
  }
}
