/* Control, and the loops of the kernels. */

import { type Code, END, NO_VALUE, op, operand, type Value } from '../assembler.js';
import { add, ltS, ltU, sub } from './i32.js';

export const set = (local: string, value: Value): Code => [{ local, value: operand(value) }];
export const select = (condition: Value, yes: Value, no: Value) => op([0x1b], yes, no, condition);
export const giveBack = (value: Value) => op([0x0f], value);
export const when = (condition: Value, body: Code) => op([0x04, NO_VALUE, body, END], condition);
/** A `while` loop. As compilers do, it tests once before the loop, then at the end of each turn. */
export const during = (condition: Value, body: Code) =>
  when(condition, [0x03, NO_VALUE, body, op([0x0d, 0], condition), END]);

/** Adds to each of some locals. */
export const move = (by: Value, ...locals: string[]) =>
  locals.map((local) => set(local, add(local, by)));
/** Runs `body` while an address is below `end`, and moves the address on after each turn. */
export const upTo = (address: string, end: Value, by: Value, body: Code) =>
  during(ltU(address, end), [body, move(by, address)]);
/** Runs `body` while a count is above 0, and takes `by` off it after each turn. */
export const countDown = (count: string, by: number, body: Code) =>
  during(ltS(0, count), [body, set(count, sub(count, by))]);
