import type { EngineName } from './install.js';

/** Where functions of a test run. They see nothing of the scope of the test. */
export interface Place {
  /**
   * What `work` returns in the page, promises awaited. Arguments and results are JSON. The policy
   * of the page does not apply.
   * @throws what `work` throws, as an Error with its message
   */
  evaluate<Arguments extends unknown[], Result>(
    work: (...args: Arguments) => Result | Promise<Result>,
    ...args: Arguments
  ): Promise<Result>;
  /** Evaluates until the result is truthy, and returns it. */
  waitFor<Arguments extends unknown[], Result>(
    work: (...args: Arguments) => Result | Promise<Result>,
    args?: Arguments,
    milliseconds?: number,
  ): Promise<Result>;
}

/**
 * What a test may do with an engine's window. If the page runs in a frame `#page`, functions run
 * and files are set there.
 */
export interface EnginePage extends Place {
  /** around that frame; the same place if there is none */
  readonly top: Place;
  goto(url: string): Promise<void>;
  /** the address shown */
  url(): Promise<string>;
  /** starts going back, as the Back button does */
  back(): Promise<void>;
  /**
   * Presses and releases a key by name ('Tab', 'Enter', 'Shift', 'Escape', 'ArrowDown', ' ' or a
   * letter).
   */
  press(key: string, options?: { shift?: boolean }): Promise<void>;
  /** Presses Alt and the access key of something on the page, a letter; only in Chromium. */
  accessKey?(letter: string): Promise<void>;
  /** Sets the files of an `<input type="file">`. */
  setFiles(selector: string, paths: string[]): Promise<void>;
  /** Drops files from the device onto the middle of the window; only in Chromium. */
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
  /** folder of what pages save, without asking; only in Firefox */
  readonly downloads?: string;
  page(): Promise<EnginePage>;
  /** addresses of all tabs, including those no test opened; only in Chromium */
  addresses?(): Promise<string[]>;
  /**
   * Makes it as good as new for another suite: it closes all windows and empties `downloads`, and
   * Chromium and Firefox forget what pages have stored. WebKitGTK cannot, but each site of a test
   * has its own origin.
   * @throws if it is gone or does not answer
   */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** Options for starting an engine. */
export interface EngineOptions {
  /** preferences of Firefox (about:config) */
  preferences?: Record<string, boolean | number | string>;
  /** extra arguments for Chromium and for the MiniBrowser of WebKitGTK */
  args?: string[];
  /** address of the only name server it asks */
  nameserver?: string;
  /** accepts any certificate, such as a test's own for another site */
  acceptInsecureCerts?: boolean;
}

/** `waitFor` by polling. */
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
