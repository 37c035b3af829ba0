import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { canInstall, install } from './debian.js';

const isThere = () =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'ffmpeg')));

/** One line on why FFmpeg is missing, and how to get it. With `CI` set it is installed. */
export async function ffmpegMissing(): Promise<string | undefined> {
  if (isThere()) return undefined;
  let failure = canInstall() ? 'CI=true npm test installs it' : 'not a Debian machine with root';
  if (process.env.CI && canInstall()) failure = (await install(['ffmpeg'], isThere)) ?? failure;
  return isThere() ? undefined : `FFmpeg is not installed (${failure}): apt-get install ffmpeg`;
}
