import { pick, type Random } from './chance.js';
import { disc } from './drawing.js';

/* Small signs that people put on photos, drawn here because fonts draw them differently. */

const smile = (mouth: string) => (x: number, y: number, r: number) =>
  disc(x, y, r, '#ffcc33') +
  `<g transform="translate(${x} ${y}) scale(${r / 50})"><ellipse cx="-17" cy="-12" rx="6" ry="9" fill="#5d4016"/><ellipse cx="17" cy="-12" rx="6" ry="9" fill="#5d4016"/>${mouth}</g>`;

const shape = (body: string) => (x: number, y: number, r: number) =>
  `<g transform="translate(${x} ${y}) scale(${r / 50})">${body}</g>`;

const HEART =
  'M0 45C-60 5 -48 -42 -22 -42C-10 -42 -3 -34 0 -26C3 -34 10 -42 22 -42C48 -42 60 5 0 45Z';

const EMOJI: readonly ((x: number, y: number, r: number) => string)[] = [
  smile('<path d="M-25 10Q0 42 25 10Z" fill="#7c2d12"/>'),
  smile('<path d="M-20 14Q0 34 20 14" fill="none" stroke="#5d4016" stroke-width="5"/>'),
  smile('<ellipse cy="22" rx="11" ry="15" fill="#7c2d12"/>'),
  smile(
    '<path d="M-44 -20H44V-4Q24 12 4 -6H-4Q-24 12 -44 -4Z" fill="#1c1917"/><path d="M-18 22Q4 34 22 16" fill="none" stroke="#5d4016" stroke-width="5"/>',
  ),
  smile(
    '<path d="M-25 8Q0 44 25 8Z" fill="#7c2d12"/><path d="M-34 -4Q-54 16 -42 24Q-30 20 -34 -4ZM34 -4Q54 16 42 24Q30 20 34 -4Z" fill="#38bdf8"/>',
  ),
  shape(`<path d="${HEART}" fill="#e11d48"/>`),
  shape(
    '<path d="M0 -50C30 -20 44 2 34 26C26 48 -26 48 -34 26C-40 8 -26 -4 -20 -18C-14 -6 -10 -2 -6 2C0 -14 2 -30 0 -50Z" fill="#f97316"/><path d="M2 0C18 16 22 24 14 36C8 46 -12 44 -14 32C-14 18 0 14 2 0Z" fill="#fde047"/>',
  ),
  shape(
    '<path d="M0 -50L14 -16L50 -14L22 9L32 45L0 24L-32 45L-22 9L-50 -14L-14 -16Z" fill="#facc15"/>',
  ),
  shape(
    '<path d="M-30 -6H-12V44H-30ZM-8 0C4 -12 4 -24 4 -42C16 -50 24 -34 16 -12H40C52 -8 46 40 34 44H-8Z" fill="#ffcc33"/>',
  ),
];

/** Any sign, in a circle of radius `r` about a point. */
export const emoji = (x: number, y: number, r: number, random: Random): string =>
  pick(random, EMOJI)(x, y, r);
