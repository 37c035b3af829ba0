import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, {
  type Browser,
  type BrowserContext,
  type ElementHandle,
  type Frame,
  type KeyInput,
  type LaunchOptions,
  type Page,
} from 'puppeteer-core';
import { type Engine, type EngineOptions, type EnginePage, type Place, poll } from './engine.js';
import { askingNameserver } from './nameserver.js';
import { watch } from './watchdog.js';

/**
 * Turns off traffic of Chromium itself, which a listener would count as the page's. Not
 * `--disable-background-networking`: it also hides the DNS hints of pages.
 */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-component-update',
  '--disable-sync',
  '--no-default-browser-check',
];

/**
 * Settings for driving Firefox: keys count as soon as a page is there, the driver can set files,
 * and no page or panel of Firefox itself gets in between. None changes what a page may do. The many
 * other settings of the remote agent and of Puppeteer are left out: with them a page may open
 * windows, and a file may read other files.
 */
const FIREFOX_PREFERENCES = {
  'remote.prefs.recommended': false,
  'dom.input_events.security.minNumTicks': 0,
  'dom.input_events.security.minTimeElapsedInMS': 0,
  'dom.file.createInChild': true,
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
  'browser.download.panel.shown': true,
  'termsofuse.bypassNotification': true,
  'datareporting.policy.dataSubmissionPolicyBypassNotification': true,
};

/** Firefox saves to `folder` without asking, and shows no panel that would take the keys. */
const savingTo = (folder: string) => ({
  'browser.download.folderList': 2,
  'browser.download.dir': folder,
  'browser.download.useDownloadDir': true,
  'browser.download.alwaysOpenPanel': false,
  'browser.download.always_ask_before_handling_new_types': false,
  'browser.helperApps.neverAsk.saveToDisk': 'application/json',
});

/** Settings that reduce Firefox's own traffic. Left out if the only name server is the test's. */
const QUIET_FIREFOX = {
  'app.normandy.api_url': '',
  'app.update.disabledForTesting': true,
  'browser.newtabpage.activity-stream.testing.shouldInitializeFeeds': false,
  'browser.region.network.url': '',
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.server': '',
};

/** Starts Chromium by the DevTools protocol, or Firefox by WebDriver BiDi, with a fresh home. */
export async function startPuppeteer(
  name: 'chromium' | 'firefox',
  program: string,
  { preferences = {}, args = [], nameserver, acceptInsecureCerts = false }: EngineOptions,
): Promise<Engine> {
  const home = mkdtempSync(join(tmpdir(), 'onlyhashes-browser-'));
  const executablePath = nameserver ? askingNameserver(program, nameserver, home) : program;
  const profile = join(home, 'profile');
  const downloads = join(home, 'downloads');
  mkdirSync(downloads);
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  const start =
    name === 'chromium'
      ? startChromium({ executablePath, args, userDataDir: profile, env, acceptInsecureCerts })
      : startFirefox(executablePath, profile, env, acceptInsecureCerts, {
          ...FIREFOX_PREFERENCES,
          ...savingTo(downloads),
          ...(nameserver ? {} : QUIET_FIREFOX),
          ...preferences,
        });
  const { browser, child } = await start.catch((error: unknown) => {
    rmSync(home, { recursive: true, force: true });
    throw error;
  });
  // It leads its own process group.
  const end = watch(child.pid!, home);
  let windows: Browser | BrowserContext = browser;
  let renewed: BrowserContext | undefined;
  return {
    name,
    version: await browser.version(),
    ...(name === 'chromium'
      ? { addresses: async () => (await windows.pages()).map((page) => page.url()) }
      : { downloads }),
    page: async () => pageOf(await windows.newPage(), name),
    async renew() {
      const before = renewed;
      windows = renewed = await browser.createBrowserContext();
      await before?.close();
      for (const file of readdirSync(downloads)) rmSync(join(downloads, file));
    },
    async close() {
      await closeWithin(browser, child, 10_000);
      end();
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

interface Started {
  browser: Browser;
  child: ChildProcess;
}

async function startChromium(options: LaunchOptions & { args: string[] }): Promise<Started> {
  const browser = await puppeteer.launch({
    ...options,
    headless: true,
    // The watchdog ends it with this process. Puppeteer would keep this process from its end.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: 60_000,
    protocolTimeout: 120_000,
    args: [...CHROMIUM_ARGS, ...options.args],
    ignoreDefaultArgs: ['--disable-background-networking', '--disable-popup-blocking'],
  });
  return { browser, child: browser.process()! };
}

/** Not by Puppeteer's `launch`, which writes its own settings into the profile. */
async function startFirefox(
  executablePath: string,
  profile: string,
  env: NodeJS.ProcessEnv,
  acceptInsecureCerts: boolean,
  preferences: Record<string, boolean | number | string>,
): Promise<Started> {
  mkdirSync(profile);
  const lines = Object.entries(preferences).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  const args = [
    '--headless',
    '--no-remote',
    '--profile',
    profile,
    '--remote-debugging-port=0',
    'about:blank',
  ];
  const child = spawn(executablePath, args, {
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const browserWSEndpoint = await new Promise<string>((resolve, reject) => {
      let text = '';
      const timer = setTimeout(() => reject(new Error('Firefox gave no address')), 60_000);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`Firefox ended with ${code}`)));
      child.stderr.on('data', (chunk: Buffer) => {
        text = (text + chunk).slice(-10_000);
        const address = /WebDriver BiDi listening on (ws:\S+)\n/.exec(text)?.[1];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(`${address}/session`);
      });
    });
    const browser = await puppeteer.connect({
      browserWSEndpoint,
      protocol: 'webDriverBiDi',
      acceptInsecureCerts,
      protocolTimeout: 120_000,
    });
    return { browser, child };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

async function closeWithin(
  browser: Browser,
  child: ChildProcess,
  milliseconds: number,
): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  await browser.close().catch(() => child.kill('SIGKILL'));
  await ended;
  clearTimeout(timer);
}

function pageOf(page: Page, name: 'chromium' | 'firefox'): EnginePage {
  // A page may ask before it is left. The test goes on, as a person who says yes.
  page.on('dialog', (dialog) => void dialog.accept().catch(() => {}));
  let inner: Frame | undefined;
  const placeOf = (frame: () => Frame): Place => ({
    evaluate: (work, ...args) => frame().evaluate(work as never, ...args),
    waitFor: (work, args, milliseconds = 120_000) =>
      poll(() => frame().evaluate(work as never, ...(args ?? [])), milliseconds),
  });
  return {
    ...placeOf(() => inner ?? page.mainFrame()),
    top: placeOf(() => page.mainFrame()),
    async goto(url) {
      await page.goto(url, { timeout: 60_000 });
      inner = (await (await page.$('iframe#page'))?.contentFrame()) ?? undefined;
    },
    url: async () => page.url(),
    // Not awaited: Firefox does not report a page restored from its cache.
    back: async () => void page.goBack().catch(() => {}),
    async press(key, { shift = false } = {}) {
      if (shift) await page.keyboard.down('Shift');
      await page.keyboard.press(key as KeyInput);
      if (shift) await page.keyboard.up('Shift');
    },
    async setFiles(selector, paths) {
      const input = (await (inner ?? page.mainFrame()).$(
        selector,
      )) as ElementHandle<HTMLInputElement> | null;
      if (!input) throw new Error(`no ${selector} on the page`);
      await input.uploadFile(...paths);
    },
    ...(name === 'chromium' && {
      // Puppeteer's own press has no character with Alt, and an access key is one.
      async accessKey(letter: string) {
        const client = await page.createCDPSession();
        const key = { modifiers: 1, key: letter, code: `Key${letter.toUpperCase()}` };
        const text = { text: letter, unmodifiedText: letter };
        await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key });
        await client.send('Input.dispatchKeyEvent', { type: 'char', ...key, ...text });
        await client.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
        await client.detach();
      },
      async dropFiles(files: string[]) {
        const { x, y } = await page.evaluate(() => ({ x: innerWidth / 2, y: innerHeight / 2 }));
        const client = await page.createCDPSession();
        const data = { items: [], files, dragOperationsMask: 1 };
        for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
          await client.send('Input.dispatchDragEvent', { type, x, y, data });
        }
      },
    }),
    resize: (width, height) => page.setViewport({ width, height }),
    screenshot: () => page.screenshot(),
    // A page that is navigating may never report that it is closed. It ends with its browser.
    close: () => Promise.race([page.close(), new Promise<void>((done) => setTimeout(done, 5000))]),
  };
}
