import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { testFolder } from '../../folder.js';
import { clipPath, ffmpeg, videoTest } from '../../node/video/ffmpeg.js';
import { onlyhashes, PHOTOS } from '../program.js';

const folder = testFolder();
const CAT = join(PHOTOS, 'locomotion-house-cat.jpg');

videoTest(
  'the lines of hash about videos are a list, by which match and check find copies',
  async () => {
    const clip = join(folder, 'known.mp4');
    copyFileSync(clipPath('pan-h264-2997.mp4'), clip);
    const list = join(folder, 'list.jsonl');
    const hashed = await onlyhashes(['hash', '--json', clip, CAT]);
    expect(hashed.code).toBe(0);
    writeFileSync(list, hashed.out);
    const copy = join(folder, 'copy.mp4');
    ffmpeg('-ss', '0.3', '-i', clip, '-an', '-c:v', 'libx264', '-preset', 'ultrafast', copy);
    const other = clipPath('cut-h264-50.mp4');

    const checked = await onlyhashes(['check', copy, other, CAT, '-b', list]);
    expect(checked.lines[0]).toBe(`match,matched-video,${copy}`);
    expect(checked.lines[1]).toMatch(/^(none|review),/);
    expect(checked.lines[2]).toBe(`match,within-match-distance,${CAT}`);
    expect(checked.code).toBe(1);

    const json = await onlyhashes(['match', '--json', copy, '-b', list]);
    const [video] = JSON.parse(json.out).videos;
    expect(video).toMatchObject({ tier: 'match', variant: 'frame' });
    expect(video.offset).toBeCloseTo(-0.3, 0);
    const lines = await onlyhashes(['match', copy, '-b', list]);
    expect(lines.lines.every((line) => /^match,\d+,frame,[\da-f]{64},.*known.mp4/.test(line))).toBe(
      true,
    );

    // An index file keeps the group and the times.
    const index = join(folder, 'list.ohx');
    expect((await onlyhashes(['index', 'build', list, '-o', index])).code).toBe(0);
    expect((await onlyhashes(['check', copy, '-b', index])).lines).toEqual([checked.lines[0]]);

    const broken = join(folder, 'broken.mp4');
    writeFileSync(broken, readFileSync(clip).subarray(0, 2000));
    const failed = await onlyhashes(['check', broken, '-b', list]);
    expect(failed).toMatchObject({ lines: [`unhashable,corrupt,${broken}`], code: 2 });
  },
);
