import { stderr } from 'node:process';

/**
 * A line on standard error that says how far long work has come; nothing where that is no terminal.
 */
export interface Progress {
  /** `total` may be unknown */
  update(done: number, total?: number): void;
  /** clears the line, so that other text can be printed */
  clear(): void;
}

/** Redrawn at most ten times a second: a terminal is slow, and a person reads no faster. */
const REDRAW_MILLISECONDS = 100;

/**
 * Progress of `what` (`hashing`, `reading the list`), with the rate and, where the total is known,
 * the time left.
 */
export function progress(what: string): Progress {
  if (!stderr.isTTY) return { update() {}, clear() {} };
  const start = performance.now();
  let drawn = start;
  let shown = false;
  const clear = () => {
    if (shown) stderr.write('\r\x1b[2K');
    shown = false;
  };
  return {
    clear,
    update(done, total) {
      const now = performance.now();
      if (now - drawn < REDRAW_MILLISECONDS) return;
      drawn = now;
      const perSecond = (1000 * done) / (now - start);
      const left = total === undefined ? '' : `, ${Math.ceil((total - done) / perSecond)} s left`;
      const of = total === undefined ? `${done}` : `${done} of ${total}`;
      stderr.write(`\r\x1b[2K${what}: ${of}, ${Math.round(perSecond)}/s${left}`);
      shown = true;
    },
  };
}
