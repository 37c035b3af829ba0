import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The three engines that the browser tests run in. WebKitGTK is no Safari: Apple's decoders are another matter. */
export const ENGINES = ['chromium', 'firefox', 'webkit'] as const;
export type EngineName = (typeof ENGINES)[number];

interface Program {
  /** Debian packages that bring it */
  packages: string[];
  /** where it lies, the first that exists is taken; a variable of the environment goes before them */
  paths: string[];
  variable: string;
}

const PROGRAMS: Record<EngineName, Program[]> = {
  chromium: [
    {
      packages: ['chromium'],
      paths: ['/usr/bin/chromium', '/usr/bin/google-chrome'],
      variable: 'CHROMIUM',
    },
  ],
  firefox: [
    {
      packages: ['firefox-esr'],
      paths: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
      variable: 'FIREFOX',
    },
  ],
  webkit: [
    {
      packages: ['webkitgtk-webdriver'],
      paths: ['/usr/bin/WebKitWebDriver'],
      variable: 'WEBKIT_WEBDRIVER',
    },
    {
      packages: ['webkitgtk-webdriver'],
      paths: ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
        (triplet) => `/usr/lib/${triplet}/webkit2gtk-4.1/MiniBrowser`,
      ),
      variable: 'WEBKIT_MINIBROWSER',
    },
    { packages: ['xvfb'], paths: ['/usr/bin/Xvfb'], variable: 'XVFB' },
  ],
};

/**
 * What the tests need beside the engines: a font for Hindi, without which its letters are boxes (the other languages have
 * theirs with any engine), and what makes the certificate of a test's own site.
 */
const EXTRAS = [
  {
    package: 'fonts-lohit-deva',
    path: '/usr/share/fonts/truetype/lohit-devanagari/Lohit-Devanagari.ttf',
  },
  { package: 'openssl', path: '/usr/bin/openssl' },
];

/** Paths of an engine's programs, in the order of `PROGRAMS`; the ones that are not there are undefined. */
function find(name: EngineName): (string | undefined)[] {
  return PROGRAMS[name].map(({ paths, variable }) =>
    [process.env[variable], ...paths].find((path) => path !== undefined && existsSync(path)),
  );
}

const LOCK = join(tmpdir(), 'onlyhashes-engines.lock');

/**
 * Paths of an engine's programs, in the order in which its driver wants them. Where one is missing and this is a
 * Debian machine with root, its package is installed first, by one process at a time.
 * @returns or in one line what is missing and how to get it
 */
export async function programsOf(name: EngineName): Promise<string[] | string> {
  const complete = (paths: (string | undefined)[]): paths is string[] =>
    paths.every((path) => path !== undefined);
  let paths = find(name);
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  // Another system has its own.
  const extras = () => !mayInstall || EXTRAS.every(({ path }) => existsSync(path));
  if (complete(paths) && extras()) return paths;
  const missing = [
    ...EXTRAS.map((extra) => extra.package),
    ...ENGINES.flatMap((engine) => PROGRAMS[engine].flatMap((program) => program.packages)),
  ];
  let failure = 'not a Debian machine with root';
  if (mayInstall) {
    await locked(() => {
      if (complete(find(name)) && extras()) return;
      try {
        aptInstall([...new Set(missing)]);
      } catch (error) {
        failure = `apt-get failed: ${String((error as Error).message).split('\n')[0]}`;
      }
    });
    paths = find(name);
    if (complete(paths)) return paths;
  }
  const packages = [...new Set(PROGRAMS[name].flatMap((program) => program.packages))].join(' ');
  return `${name} is not installed (${failure}): apt-get install ${packages}`;
}

function aptInstall(packages: string[]): void {
  const options = {
    stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 540_000,
  };
  process.stderr.write(`installing ${packages.join(', ')} for the browser tests\n`);
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  execFileSync('apt-get', [...wait, 'update'], options);
  execFileSync(
    'apt-get',
    [...wait, 'install', '-y', '--no-install-recommends', ...packages],
    options,
  );
}

/** Runs `work` while no other process does; a lock whose holder has died is taken over. */
async function locked(work: () => void): Promise<void> {
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!holderLives()) rmSync(LOCK, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  try {
    work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function holderLives(): boolean {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    // Written a moment after it is made: an empty one is new.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
