import type { Match, VideoMatch } from '../../matching/decision.js';

/** A shade of the page's own ink, so that it is grey in light and in dark. */
export const GREY =
  'fill="currentColor" fill-opacity="0.1" stroke="currentColor" stroke-opacity="0.5"';
export const BLUE = 'fill="#2a6fbb" fill-opacity="0.25" stroke="#2a6fbb"';

/** The steps of an axis, in seconds. It has up to six: a phone has room for their labels. */
const STEPS = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/**
 * A listed video in an upload, in words: a name and a value for each fact. They have no group: it
 * follows from the hashes.
 */
export function videoFacts(video: VideoMatch, matches: readonly Match[]): [string, string][] {
  const { group, tier, list, source, id, speed, offset } = video;
  const { labels = [] } = matches.find(({ entry }) => entry.group === group)?.entry ?? {};
  const percent = (part: number) => `${Math.round(100 * part)} %`;
  const start =
    offset < 0
      ? `the upload begins at ${clock(-offset / speed, 1)} of the listed video`
      : `the listed video begins at ${clock(offset, 1)} of the upload`;
  const facts: [string, string | undefined][] = [
    ['tier', tier],
    ['labels', labels.length > 0 ? labels.join(', ') : undefined],
    ['list', list],
    ['source', source],
    ['entry', id],
    ['offset', `${Number(offset.toFixed(2))} seconds: ${start}`],
    ['speed', `${speed.toFixed(2)} seconds of the upload for each one of the listed video`],
    ['frames', `${video.frames}, ${percent(video.listShare)} of those of the listed video`],
    ['upload', `${percent(video.queryShare)} of it shows the listed video`],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/**
 * Draws the moments at which an upload shows a listed video, as an HTML figure: a bar for each of
 * the two, on one scale, lines between moments that look the same, and a table of them. It has
 * only numbers. Places are shares of the width, so that labels keep their size.
 */
export function timeLineOf({ moments }: VideoMatch): string {
  if (moments.length === 0) return '';
  const inList = moments.map(({ listSeconds }) => listSeconds);
  const inQuery = moments.map(({ querySeconds }) => querySeconds);
  const [least, most] = [Math.min(...inList, ...inQuery), Math.max(...inList, ...inQuery)];
  const finest = (most - least) / 5;
  const step = STEPS.find((each) => each >= finest) ?? finest;
  const from = Math.floor(least / step);
  const steps = Math.max(1, Math.ceil(most / step) - from);
  const x = (seconds: number) => `${((100 * (seconds / step - from)) / steps).toFixed(2)}%`;
  const bar = (y: number, times: readonly number[], name: string) => {
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const width = `${((100 * (last - first)) / step / steps).toFixed(2)}%`;
    return `<rect width="100%" y="${y}" height="24" ${GREY}/><rect x="${x(first)}" width="${width}" y="${y}" height="24" ${BLUE}/><text x="6" y="${y + 16}">${name}</text>`;
  };
  const ticks = Array.from({ length: steps + 1 }, (_, at) => (from + at) * step).map(
    (time) =>
      `<line x1="${x(time)}" x2="${x(time)}" y1="0" y2="136" stroke="currentColor" stroke-opacity="0.25"/><text x="${x(time)}" y="150" text-anchor="middle">${clock(time, step < 1 ? 1 : 0)}</text>`,
  );
  const lines = moments.map(
    ({ listSeconds, querySeconds }) =>
      `<line x1="${x(listSeconds)}" x2="${x(querySeconds)}" y1="28" y2="104" stroke="#2a6fbb" stroke-width="2"/>`,
  );
  const rows = moments.map(
    ({ listSeconds, querySeconds, distance }) =>
      `<tr><td>${clock(listSeconds, 2)}</td><td>${clock(querySeconds, 2)}</td><td>${distance} of 256 bits</td></tr>`,
  );
  return `<figure class="time"><svg xmlns="http://www.w3.org/2000/svg" role="img" width="100%" height="156"><title>time line: moments of the listed video, above, and those of the upload that look the same, below</title>
<svg x="6%" width="88%" overflow="visible" fill="currentColor" font-size="12">
${ticks.join('')}${bar(4, inList, 'listed video')}${bar(104, inQuery, 'upload')}${lines.join('')}
</svg></svg><figcaption>blue: from the first to the last of the nearest moments, which are below; both videos may be longer than their bars</figcaption>
<table><tr><th scope="col">listed video</th><th scope="col">upload</th><th scope="col">distance</th></tr>${rows.join('')}</table></figure>`;
}

/** A time as m:ss or h:mm:ss, with so many decimals. */
export function clock(seconds: number, decimals: number): string {
  const units = 10 ** decimals;
  const rounded = Math.round(seconds * units) / units;
  const [hours, minutes] = [Math.trunc(rounded / 3600), Math.trunc(rounded / 60) % 60];
  const rest = (rounded % 60).toFixed(decimals).padStart(decimals > 0 ? decimals + 3 : 2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
