import type { EngineName } from './install.js';

/** Where functions of a test run. They see nothing of the test's scope. */
export interface Place {
  /**
   * What `work` returns in the page, promises awaited: JSON goes in and comes out. No policy of the page hinders it.
   * @throws what it throws, as an Error with its message
   */
  evaluate<Arguments extends unknown[], Result>(
    work: (...args: Arguments) => Result | Promise<Result>,
    ...args: Arguments
  ): Promise<Result>;
  /** Evaluates until the result is truthy, and gives it. */
  waitFor<Arguments extends unknown[], Result>(
    work: (...args: Arguments) => Result | Promise<Result>,
    args?: Arguments,
    milliseconds?: number,
  ): Promise<Result>;
}

/**
 * What a test may do with an engine's window. Where a page runs in a frame of its own, `#page`, that is where functions
 * run and files are put.
 */
export interface EnginePage extends Place {
  /** around that frame; the same place where there is none */
  readonly top: Place;
  goto(url: string): Promise<void>;
  /** the address it shows */
  url(): Promise<string>;
  /** the browser's Back, which is begun */
  back(): Promise<void>;
  /** A key by its name ('Tab', 'Enter', 'Shift', 'Escape', 'ArrowDown', ' ' or a letter), pressed and let go. */
  press(key: string, options?: { shift?: boolean }): Promise<void>;
  /** Puts files into an `<input type="file">`. */
  setFiles(selector: string, paths: string[]): Promise<void>;
  /** Drags files from the device to the middle of the window and lets them fall; only Chromium can be made to. */
  dropFiles?(paths: string[]): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** PNG of what the window shows */
  screenshot(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A running browser engine. */
export interface Engine {
  readonly name: EngineName;
  readonly version: string;
  page(): Promise<EnginePage>;
  /** addresses of all its tabs, those included that no test opened; only of Chromium */
  addresses?(): Promise<string[]>;
  close(): Promise<void>;
}

/** How an engine is started. */
export interface EngineOptions {
  /** Firefox's preferences (about:config) */
  preferences?: Record<string, boolean | number | string>;
  /** further arguments for Chromium, and for WebKitGTK's MiniBrowser */
  args?: string[];
  /** address of the only name server that it asks */
  nameserver?: string;
  /** takes any certificate, such as a test's own for another's site */
  acceptInsecureCerts?: boolean;
}

/** `waitFor` by asking again. */
export async function poll<Result>(
  ask: () => Promise<Result>,
  milliseconds: number,
): Promise<Result> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const result = await ask();
    if (result) return result;
    if (Date.now() > end) throw new Error(`nothing came within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
