import type { Scheme } from './browser.js';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** A line that a program printed. */
export interface PrintedLine {
  readonly text: string;
  /** when its last character came, after the program's start */
  readonly seconds: number;
}

/**
 * The lines of a recording by `script`.
 * @param output what the program printed, after a first line by `script` itself
 * @param times a line for each piece of it: the seconds since the one before, and its bytes
 * @throws {Error} if it is more than text in short lines, which would look otherwise in a terminal
 */
export function linesOf(output: Uint8Array, times: string, { columns }: Screen): PrintedLine[] {
  const lines: PrintedLine[] = [];
  const text = new TextDecoder('utf-8', { fatal: true });
  let at = output.indexOf(10) + 1;
  let seconds = 0;
  let line = '';
  for (const piece of times.trim().split('\n')) {
    const [pause, byteLength] = piece.split(' ').map(Number) as [number, number];
    seconds += pause;
    line += text.decode(output.subarray(at, at + byteLength), { stream: true });
    at += byteLength;
    const ended = line.split('\r\n');
    line = ended.pop()!;
    for (const each of ended) lines.push({ text: each, seconds });
  }
  if (line !== '') lines.push({ text: line, seconds });
  for (const { text } of lines) {
    if (/\p{Cc}/u.test(text)) throw new Error('expected plain text, got a control character');
    if (text.length > columns) throw new Error(`expected at most ${columns} columns: ${text}`);
  }
  return lines;
}

const COLOURS: Readonly<
  Record<Scheme, Record<'ground' | 'bar' | 'line' | 'ink' | 'soft', string>>
> = {
  light: { ground: '#fff', bar: '#eef0f3', line: '#c9ced6', ink: '#1f2328', soft: '#8b939e' },
  dark: { ground: '#15181c', bar: '#23282f', line: '#3b424b', ink: '#e8eaed', soft: '#7b848d' },
};

const FONT_SIZE = 13;
/** The width of a character. Lines are drawn to it, so that columns align in any font. */
const ADVANCE = 7.8;
const LINE = 18;
const BAR = 30;
const PADDING = 14;

/**
 * A recording as an animated SVG: each line comes when it came, and the screen scrolls. It plays
 * once and ends on the last screen, which is all there is where nothing is animated.
 * @param typed the line above them, with the command
 */
export function drawRecording(
  typed: string,
  lines: readonly PrintedLine[],
  { columns, rows }: Screen,
  scheme: Scheme,
): string {
  const { ground, bar, line, ink, soft } = COLOURS[scheme];
  const width = Math.ceil(columns * ADVANCE + 2 * PADDING);
  const height = BAR + rows * LINE + 2 * PADDING;
  const all = [{ text: typed, seconds: 0 }, ...lines];
  const total = all.at(-1)!.seconds;
  /** The distance by which the text has scrolled up after `count` lines. */
  const scrolled = (count: number) => -LINE * Math.max(0, count - rows);
  const steps = new Map([['0', 0]]);
  for (const [at, { seconds }] of all.entries()) {
    const y = scrolled(at + 1);
    if (y < 0) steps.set(((100 * seconds) / total).toFixed(2), y);
  }
  const frames = [...steps].map(([share, y]) => `${share}%{transform:translateY(${y}px)}`);
  const texts = all.flatMap(({ text, seconds }, at) => {
    const shown = text.trimEnd();
    if (shown === '') return [];
    const start = shown.length - shown.trimStart().length;
    const [x, length] = [start * ADVANCE, (shown.length - start) * ADVANCE];
    const wait = seconds === 0 ? '' : ` style="animation-duration:${seconds.toFixed(2)}s"`;
    return `<text x="${x.toFixed(1)}" y="${at * LINE + 13}" textLength="${length.toFixed(1)}"${wait}>${escaped(shown.trimStart())}</text>`;
  });
  const dots = [0, 1, 2].map(
    (at) => `<circle cx="${18 + 18 * at}" cy="${BAR / 2}" r="5" fill="${soft}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${escaped(typed)}</title>
<style>text{white-space:pre;fill:${ink};font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;animation:wait 0s}
.all{animation:scroll ${total.toFixed(2)}s step-end}
@keyframes wait{from,to{visibility:hidden}}
@keyframes scroll{${frames.join('')}}
@media(prefers-reduced-motion:reduce){text,.all{animation:none}}</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="${ground}" stroke="${line}"/>
<path d="M1 ${BAR}V8.5a7.5 7.5 0 0 1 7.5-7.5H${width - 8.5}a7.5 7.5 0 0 1 7.5 7.5V${BAR}z" fill="${bar}"/>${dots.join('')}
<clipPath id="screen"><rect width="${width - 2 * PADDING}" height="${rows * LINE}"/></clipPath>
<g transform="translate(${PADDING} ${BAR + PADDING})" clip-path="url(#screen)"><g class="all" transform="translate(0 ${scrolled(all.length)})">
${texts.join('\n')}
</g></g>
</svg>
`;
}

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
