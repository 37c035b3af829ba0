/** Stands for a hash, a label or a file name: no message may hold it. */
export const MARK = 'b20aaad0c7f1e355'.repeat(4);

const hostile = {
  toString() {
    throw new Error(MARK);
  },
};

/** What a caller may pass by mistake, by name. */
export const MISTAKES = {
  undefined: undefined,
  null: null,
  true: true,
  NaN: Number.NaN,
  '-2': -2,
  '7.5': 7.5,
  bigint: 7n,
  symbol: Symbol(MARK),
  text: MARK,
  function: () => MARK,
  promise: Promise.resolve(MARK),
  '{}': {},
  '{ mark }': { mark: MARK, algorithm: MARK, name: MARK },
  hostile,
  '[]': [],
  '[null]': [null],
  '[text]': [MARK],
  '[{}]': [{ mark: MARK }],
  map: new Map([[MARK, MARK]]),
  bytes: Uint8Array.of(1, 2, 3),
  floats: new Float64Array(32),
} as const;
export type Mistake = keyof typeof MISTAKES;

/** An argument: a valid value, and the mistakes that are valid for it. */
export interface Argument {
  readonly good: unknown;
  readonly fits?: readonly Mistake[];
  /** its members, each an argument of its own */
  readonly members?: Readonly<Record<string, Argument>>;
  /** further wrong values, by name */
  readonly wrong?: Readonly<Record<string, unknown>>;
  /** it comes from outside: a FormatError or a DecodeError is a valid answer */
  readonly world?: boolean;
}

export const or = (argument: Argument, ...fits: Mistake[]): Argument => ({
  ...argument,
  fits: [...(argument.fits ?? []), ...fits],
});
export const optional = (argument: Argument): Argument => or(argument, 'undefined');
export const member = (good: unknown, ...fits: Mistake[]): Argument => ({ good, fits });
export const members = (
  good: object,
  of: Record<string, Argument>,
  ...fits: Mistake[]
): Argument => ({
  good,
  members: of,
  fits,
});
/** An object of its required members. */
export const record = (of: Record<string, Argument>, ...fits: Mistake[]): Argument => {
  const required = Object.entries(of).filter(([, one]) => !one.fits?.includes('undefined'));
  const good = Object.fromEntries(required.map(([name, one]) => [name, one.good]));
  return members(good, of, ...fits);
};
/** A list, which may be empty. */
export const list = (one: Argument, ...fits: Mistake[]): Argument =>
  members([one.good], { 0: one }, '[]', ...fits);
/** What comes from outside. */
export const fromOutside = (good: unknown, ...fits: Mistake[]): Argument => ({
  ...member(good, ...fits),
  world: true,
});

export const flag = optional(member(true, 'true'));
export const callback = optional(member(() => {}, 'function'));
export const text = member('word', 'text');
export const whole = member(1);
export const number = or(whole, '7.5');
export const words = member(['a'], '[]', '[text]');
export const signal = optional(member(new AbortController().signal));
export const options = (of: Record<string, Argument> = {}): Argument =>
  members(
    {},
    Object.fromEntries(Object.entries(of).map(([key, one]) => [key, optional(one)])),
    'undefined',
    '{}',
    '{ mark }',
    'hostile',
  );

/** Options that take no member of another name. */
export const strict = (of: Record<string, Argument>): Argument => ({
  ...options(of),
  fits: ['undefined', '{}'],
});

/** Messages that come from V8 and Node, not from our checks. */
const NOT_OURS =
  /cannot (read|use|convert|destructure|mix)|is not (iterable|async|a function|defined)|'in' operator|undefined \(|argument must be|invalid (typed )?array|incompatible receiver|receiver should|called on|reading '/i;

/** What is wrong with the answer to a mistake; undefined if nothing is. */
function problemOf(error: unknown, world: boolean): string | undefined {
  if (!(error instanceof Error)) return 'was accepted';
  const ours = error instanceof TypeError || error instanceof RangeError;
  if (!ours && !(world && /^(Format|Decode)Error$/.test(error.name))) return error.name;
  const { message } = error;
  const isTold = /expected|^unknown option /.test(message) || (!ours && message !== '');
  if (!isTold || NOT_OURS.test(message)) return `said "${message}"`;
  return message.toLowerCase().includes(MARK.slice(0, 6))
    ? `gave it away: "${message}"`
    : undefined;
}

/** What a call throws, also later through its promise or its items. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    const result = (await call()) as Partial<AsyncGenerator & Generator & { close(): unknown }>;
    if (typeof result !== 'object' || result === null) return undefined;
    if (typeof result.close === 'function') await result.close();
    if (typeof result.next !== 'function') return undefined;
    for await (const _ of result as AsyncGenerator);
    return undefined;
  } catch (error) {
    return error ?? new Error('threw nothing');
  }
}

/** Every wrong form of an argument, by name, and whether it may come from outside. */
function* mistakesIn(
  { good, fits = [], members: of = {}, wrong = {}, world = false }: Argument,
  where = '',
): Generator<[name: string, value: unknown, world: boolean]> {
  for (const [name, value] of Object.entries(MISTAKES)) {
    if (!fits.includes(name as Mistake)) yield [`${where}${name}`, value, world];
  }
  for (const [name, value] of Object.entries(wrong)) yield [`${where}${name}`, value, world];
  for (const [key, argument] of Object.entries(of)) {
    for (const [name, value, worldly] of mistakesIn(argument, `${where}${key}: `)) {
      const changed = Array.isArray(good)
        ? good.map((item, at) => (at === Number(key) ? value : item))
        : { ...(good as object), [key]: value };
      yield [name, changed, worldly];
    }
  }
}

export async function problemsOf(
  call: (...args: readonly unknown[]) => unknown,
  args: readonly Argument[],
  neverRight = false,
): Promise<string[]> {
  const right = args.map(({ good }) => good);
  const problems: string[] = [];
  if (!neverRight) {
    const error = await thrownBy(() => call(...right));
    if (error !== undefined) problems.push(`refused what is right: ${error}`);
  }
  for (const [at, argument] of args.entries()) {
    for (const [name, value, world] of mistakesIn(argument)) {
      const given = [...right];
      given[at] = value;
      const problem = problemOf(await thrownBy(() => call(...given)), world);
      if (problem !== undefined) problems.push(`argument ${at + 1}, ${name}: ${problem}`);
    }
  }
  return problems;
}
