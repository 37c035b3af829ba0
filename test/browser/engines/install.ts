import { existsSync } from 'node:fs';
import { canInstall, install } from '../../project/debian.js';

/** The three engines of the browser tests. WebKitGTK is not Safari: Apple has its own decoders. */
export const ENGINES = ['chromium', 'firefox', 'webkit'] as const;
export type EngineName = (typeof ENGINES)[number];

interface Program {
  /** Debian packages that contain it */
  packages: string[];
  /**
   * its possible paths, the first that exists is taken; an environment variable comes before them
   */
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
 * What the tests need besides the engines: a font for Hindi, as no engine brings one, and the tool
 * that makes the certificate of a test site.
 */
const EXTRAS = [
  {
    package: 'fonts-lohit-deva',
    path: '/usr/share/fonts/truetype/lohit-devanagari/Lohit-Devanagari.ttf',
  },
  { package: 'openssl', path: '/usr/bin/openssl' },
];

/** Paths of an engine's programs, in the order of `PROGRAMS`; undefined for missing ones. */
function find(name: EngineName): (string | undefined)[] {
  return PROGRAMS[name].map(({ paths, variable }) =>
    [process.env[variable], ...paths].find((path) => path !== undefined && existsSync(path)),
  );
}

/** Whether to install what is missing: `.ci/run` does, and `npm run test:engines`. */
const wanted = () => Boolean(process.env.CI) || process.env.npm_lifecycle_event === 'test:engines';

/** Paths of an engine's programs, in the order its driver needs; undefined unless all exist. */
function complete(name: EngineName): string[] | undefined {
  const paths = find(name).filter((path) => path !== undefined);
  // Other systems have their own extras.
  const extras = !canInstall() || EXTRAS.every(({ path }) => existsSync(path));
  return extras && paths.length === PROGRAMS[name].length ? paths : undefined;
}

/** The engines that the tests cannot use here. */
export const missingEngines = (): EngineName[] => ENGINES.filter((name) => !complete(name));

/**
 * Paths of an engine's programs, in the order its driver needs. If one is missing and wanted, and
 * this is a Debian machine with root, all packages are installed first, by one process at a time.
 * @returns the paths, or one line on what is missing and how to get it
 */
export async function programsOf(name: EngineName): Promise<string[] | string> {
  const paths = complete(name);
  if (paths) return paths;
  const packages = (engine: EngineName) => [
    ...new Set(PROGRAMS[engine].flatMap((program) => program.packages)),
  ];
  let failure = canInstall()
    ? 'npm run test:engines installs it'
    : 'not a Debian machine with root';
  if (wanted() && canInstall()) {
    failure =
      (await install(
        [...EXTRAS.map((extra) => extra.package), ...ENGINES.flatMap(packages)],
        () => complete(name) !== undefined,
      )) ?? failure;
    const installed = complete(name);
    if (installed) return installed;
  }
  return `${name} is not installed (${failure}): apt-get install ${packages(name).join(' ')}`;
}
