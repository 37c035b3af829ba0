import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Pictures, SCHEMES, type Studio } from './browser.js';
import { drawRecording, linesOf, type Screen } from './terminal.js';

const SCREEN: Screen = { columns: 96, rows: 22 };
const COMMAND = 'node dist/tour.js';

/**
 * The tour, which `npm start` builds and runs, as it printed to a terminal. `script` of util-linux
 * runs it in one and keeps when each byte came.
 */
export async function tourPictures({ root }: Pick<Studio, 'root'>): Promise<Pictures> {
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-tour-'));
  const [output, times] = [join(folder, 'output'), join(folder, 'times')];
  try {
    execFileSync(
      'script',
      [
        ...['--quiet', '--return', '--log-out', output, '--log-timing', times, '--command'],
        `stty columns ${SCREEN.columns} rows ${SCREEN.rows}; ${COMMAND}`,
      ],
      { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const lines = linesOf(readFileSync(output), readFileSync(times, 'utf8'), SCREEN);
    return Object.fromEntries(
      SCHEMES.map((scheme) => [
        `tour-${scheme}.svg`,
        drawRecording(`$ ${COMMAND}`, lines, SCREEN, scheme),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
