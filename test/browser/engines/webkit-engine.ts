import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, type EngineOptions, type EnginePage, type Place, poll } from './engine.js';
import { askingNameserver } from './nameserver.js';
import { watch } from './watchdog.js';

/** Code points of W3C WebDriver for keys that write nothing. */
const KEYS: Record<string, string> = {
  Backspace: '\uE003',
  Tab: '\uE004',
  Enter: '\uE007',
  Shift: '\uE008',
  Escape: '\uE00C',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
};
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Starts WebKitGTK's MiniBrowser by WebDriver, on a virtual display and with a fresh home. */
export async function startWebKit(
  driverPath: string,
  browserPath: string,
  xvfbPath: string,
  { args = [], nameserver, acceptInsecureCerts = false }: EngineOptions = {},
): Promise<Engine> {
  const home = mkdtempSync(join(tmpdir(), 'onlyhashes-browser-'));
  const children: ChildProcess[] = [];
  const watches: (() => void)[] = [];
  const start = (path: string, args: string[], options: SpawnOptions): ChildProcess => {
    // Leads its own process group, so that its children end with it.
    const child = spawn(path, args, { ...options, detached: true });
    children.push(child);
    if (child.pid !== undefined) watches.push(watch(child.pid, home));
    return child;
  };
  const end = async () => {
    const ended = children.map(
      (child) =>
        new Promise<void>((resolve) => {
          const over = child.pid === undefined || child.exitCode !== null;
          if (over || child.signalCode !== null) resolve();
          else child.once('exit', () => resolve());
        }),
    );
    for (const unwatch of watches) unwatch();
    await Promise.all(ended);
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    const display = await startDisplay(xvfbPath, start);
    const port = await freePort();
    const program = nameserver ? askingNameserver(driverPath, nameserver, home) : driverPath;
    start(program, [`--port=${port}`], {
      stdio: 'ignore',
      env: {
        ...process.env,
        DISPLAY: `:${display}`,
        HOME: home,
        XDG_RUNTIME_DIR: home,
        XDG_CACHE_HOME: home,
        XDG_DATA_HOME: home,
        XDG_CONFIG_HOME: home,
        // No bubblewrap in a container, no GPU.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
        WEBKIT_DISABLE_COMPOSITING_MODE: '1',
        WEBKIT_DISABLE_DMABUF_RENDERER: '1',
        LIBGL_ALWAYS_SOFTWARE: '1',
        GDK_BACKEND: 'x11',
        NO_AT_BRIDGE: '1',
      },
    });
    const base = `http://127.0.0.1:${port}`;
    await poll(
      () =>
        call<{ ready: boolean }>(base, 'GET', '/status').then(
          ({ ready }) => ready,
          () => false,
        ),
      30_000,
    );
    const { sessionId, capabilities } = await call<{
      sessionId: string;
      capabilities: { browserVersion?: string };
    }>(base, 'POST', '/session', {
      capabilities: {
        alwaysMatch: {
          acceptInsecureCerts,
          'webkitgtk:browserOptions': { binary: browserPath, args: ['--automation', ...args] },
          pageLoadStrategy: 'normal',
          timeouts: { script: 120_000, pageLoad: 60_000 },
        },
      },
    });
    const session = `${base}/session/${sessionId}`;
    const first = await call<string>(session, 'GET', '/window');
    const commands = commandsOf(session, first);
    return {
      name: 'webkit',
      version: `WebKitGTK ${capabilities.browserVersion ?? ''}`.trim(),
      page: () => newWindow(commands),
      async renew() {
        for (const handle of await commands<string[]>('GET', '/window/handles')) {
          if (handle !== first) await commands('DELETE', '/window', undefined, handle);
        }
      },
      async close() {
        await call(session, 'DELETE', '').catch(() => {});
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Starts an Xvfb that chooses its display number and writes it to a pipe. */
function startDisplay(
  path: string,
  start: (path: string, args: string[], options: SpawnOptions) => ChildProcess,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = start(
      path,
      ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp', '-noreset'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
    );
    let text = '';
    const timer = setTimeout(() => reject(new Error('Xvfb gave no display')), 30_000);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
    child.stdio[3]!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(Number(text));
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function call<T>(base: string, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${base}${path}`, {
    method,
    ...(body
      ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      : {}),
    signal: AbortSignal.timeout(130_000),
  });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`${value?.error}: ${value?.message}`);
  return value;
}

/**
 * Sends a command to a window, or to its frame. Without a window it goes to the first one, which
 * stays open.
 */
type Command = <T>(
  method: string,
  path: string,
  body?: object,
  window?: string,
  intoFrame?: boolean,
) => Promise<T>;

/**
 * WebDriver commands go to the current window. So each one first selects its window, and they run
 * one after another.
 */
function commandsOf(session: string, firstWindow: string): Command {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(
    method: string,
    path: string,
    body?: object,
    window = firstWindow,
    intoFrame = false,
  ) => {
    const next = last.then(async () => {
      await call(session, 'POST', '/window', { handle: window });
      if (intoFrame) await call(session, 'POST', '/frame', { id: 0 });
      return await call<T>(session, method, path, body);
    });
    last = next.catch(() => {});
    return next;
  };
}

async function newWindow(commands: Command): Promise<EnginePage> {
  // Not a tab: a hidden one never paints, and its screenshot never comes.
  const { handle } = await commands<{ handle: string }>('POST', '/window/new', { type: 'window' });
  const command = <T>(method: string, path: string, body?: object) =>
    commands<T>(method, path, body, handle);
  let framed = false;
  const evaluate = async (work: unknown, args: unknown[], intoFrame: boolean): Promise<never> => {
    const { value, error } = await commands<{ value?: never; error?: string }>(
      'POST',
      '/execute/async',
      {
        script: `const done = arguments[arguments.length - 1];
          Promise.resolve().then(() => (${work})(...Array.prototype.slice.call(arguments, 0, -1))).then(
            (value) => done({ value: value === undefined ? null : value }),
            (error) => done({ error: String(error && error.stack ? error + '\\n' + error.stack : error) }));`,
        args,
      },
      handle,
      intoFrame,
    );
    if (error !== undefined) throw new Error(error);
    return value!;
  };
  const actions = (list: object[]) =>
    command('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions: list }] });
  const placeOf = (intoFrame: () => boolean): Place => ({
    evaluate: (work, ...args) => evaluate(work, args, intoFrame()),
    waitFor: (work, args, milliseconds = 120_000) =>
      poll(() => evaluate(work, args ?? [], intoFrame()), milliseconds),
  });
  const top = placeOf(() => false);
  return {
    ...placeOf(() => framed),
    top,
    async goto(url) {
      await command('POST', '/url', { url });
      framed = await top.evaluate(() => document.querySelector('iframe#page') !== null);
    },
    url: () => command<string>('GET', '/url'),
    back: async () => void (await command('POST', '/back', {})),
    async press(key, { shift = false } = {}) {
      const value = KEYS[key] ?? key;
      const press = [
        { type: 'keyDown', value },
        { type: 'keyUp', value },
      ];
      const shiftKey = KEYS.Shift;
      await actions(
        shift
          ? [{ type: 'keyDown', value: shiftKey }, ...press, { type: 'keyUp', value: shiftKey }]
          : press,
      );
    },
    async setFiles(selector, paths) {
      const inPage = <T>(path: string, body: object) =>
        commands<T>('POST', path, body, handle, framed);
      const element = await inPage<Record<string, string>>('/element', {
        using: 'css selector',
        value: selector,
      });
      await inPage(`/element/${element[ELEMENT]}/value`, { text: paths.join('\n') });
    },
    resize: async (width, height) =>
      void (await command('POST', '/window/rect', { width, height, x: 0, y: 0 })),
    screenshot: async () => Buffer.from(await command<string>('GET', '/screenshot'), 'base64'),
    close: async () => void (await command('DELETE', '/window')),
  };
}
