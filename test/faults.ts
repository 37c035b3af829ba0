/** Constructors that allocate memory outside the JavaScript heap, or view it. */
const CONSTRUCTORS = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Buffer',
] as const;
/** Static methods of Buffer, which construct internally. */
const MAKERS = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'from', 'concat'];

/** The error of a step that was made to fail. */
export class Fault extends RangeError {
  constructor() {
    super('Array buffer allocation failed');
  }
}

/** Whether step `at` fails, counted from 0; `length` is that of its array, or 0. */
export type Fails = (at: number, length: number) => boolean;

/**
 * What a call returned or threw, the number of steps that could have failed, and of those that did.
 */
export interface Outcome<T> {
  readonly value?: T;
  readonly error?: unknown;
  readonly steps: number;
  readonly faults: number;
}

let running: { fails: Fails; steps: number; faults: number; isLater?: boolean } | undefined;

/** A step that may fail inside `withFaults`: any construction, and any callback that calls this. */
export function mayFail(length = 0): void {
  // Between the turns of a later call, what runs the tests allocates too.
  if (running?.isLater && !new Error().stack?.includes('/src/')) return;
  if (!running?.fails(running.steps++, length)) return;
  running.faults++;
  throw new Fault();
}

/** Runs `call` and makes the steps fail that `fails` selects. */
export function withFaults<T>(fails: Fails, call: () => T): Outcome<T> {
  const run = { fails, steps: 0, faults: 0 };
  running = run;
  try {
    const value = call();
    return { value, steps: run.steps, faults: run.faults };
  } catch (error) {
    return { error, steps: run.steps, faults: run.faults };
  } finally {
    running = undefined;
  }
}

/** As `withFaults`, of a call that ends later; only steps inside `src` may fail. */
export async function withFaultsLater<T>(
  fails: Fails,
  call: () => Promise<T>,
): Promise<Outcome<T>> {
  const run = { fails, steps: 0, faults: 0, isLater: true };
  running = run;
  try {
    const value = await call();
    return { value, steps: run.steps, faults: run.faults };
  } catch (error) {
    return { error, steps: run.steps, faults: run.faults };
  } finally {
    running = undefined;
  }
}

/**
 * Makes every constructor of arrays and buffers call `mayFail`, including those used by `slice`,
 * `subarray` and `array.constructor`. @returns a function that undoes this
 */
export function watchConstructors(): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(owner, name)!;
    Object.defineProperty(owner, name, { configurable: true, writable: true, value });
    undo.push(() => Object.defineProperty(owner, name, before));
  };
  const lengthOf = ([first]: unknown[]) =>
    typeof first === 'number' ? first : ((first as ArrayLike<unknown>)?.length ?? 0);
  for (const name of CONSTRUCTORS) {
    const real = globalThis[name];
    const watched: object = new Proxy(real, {
      construct(target, args, newTarget) {
        mayFail(lengthOf(args));
        return Reflect.construct(target, args, newTarget === watched ? target : newTarget);
      },
      get(target, key, receiver) {
        const value = Reflect.get(target, key, receiver);
        if (name !== 'Buffer' || !MAKERS.includes(String(key))) return value;
        return (...args: unknown[]) => {
          mayFail(lengthOf(args));
          return Reflect.apply(value, target, args);
        };
      },
    });
    replace(globalThis, name, watched);
    if (name !== 'Buffer') replace(real.prototype, 'constructor', watched);
  }
  return () => {
    for (const restore of undo.reverse()) restore();
  };
}
