/**
 * A value that takes long to make, made once and step by step. Whoever takes the steps may do other
 * things in between; whoever needs the value at once takes the steps that are left. Steps that
 * throw are begun again by the next call.
 */
export class Gradual<T> {
  readonly #make: () => Generator<void, T>;
  #steps: Generator<void, T> | undefined;
  #value: T | undefined;

  /** @param make must not ask for the value itself */
  constructor(make: () => Generator<void, T>, value?: T) {
    this.#make = make;
    this.#value = value;
  }

  /** The value; undefined until its last step. */
  get made(): T | undefined {
    return this.#value;
  }

  *steps(): Generator<void, T> {
    while (!this.#step()) yield;
    return this.#value!;
  }

  now(): T {
    while (!this.#step());
    return this.#value!;
  }

  /** Takes a step, if the value is not made. @returns whether it is */
  #step(): boolean {
    if (this.#value !== undefined) return true;
    this.#steps ??= this.#make();
    try {
      const { done, value } = this.#steps.next();
      if (!done) return false;
      this.#value = value;
    } catch (error) {
      this.#steps = undefined;
      throw error;
    }
    this.#steps = undefined;
    return true;
  }
}
