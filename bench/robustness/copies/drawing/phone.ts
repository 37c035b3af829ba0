import { clock, maybe, pick, type Random } from './chance.js';
import { box, type Icon, iconRow, rect, text } from './drawing.js';

/** The screen of a phone and the colours of its apps. */
export interface Phone {
  readonly width: number;
  readonly height: number;
  /** pixels for each point of the design, of which the screen is 390 wide */
  readonly unit: number;
  readonly dark: boolean;
  readonly paper: string;
  readonly ink: string;
  /** of times, counts and rules */
  readonly faint: string;
}

/** Screens of desktops. */
export const DESKTOPS = [
  [1280, 800],
  [1366, 768],
  [1440, 900],
] as const;

/** Screens in use: 16:9 and longer, at two or three pixels a point. */
const SCREENS = [
  [720, 1560],
  [720, 1600],
  [750, 1334],
  [828, 1792],
  [828, 1792],
  [1080, 1920],
  [1080, 2340],
] as const;

export function phoneOf(random: Random, dark = maybe(random, 45)): Phone {
  const [width, height] = pick(random, SCREENS);
  return {
    width,
    height,
    unit: width / 390,
    dark,
    paper: dark ? pick(random, ['#000000', '#121212', '#1b1c1f']) : '#ffffff',
    ink: dark ? '#f2f2f2' : '#111111',
    faint: dark ? '#8a8a8e' : '#8e8e93',
  };
}

/** Height of the status bar, in points. */
export const STATUS = 44;

/** The time, the signal and the battery along the top. */
export function statusBar({ width, unit: u }: Phone, ink: string, random: Random): string {
  const y = 28 * u;
  const right = width - 22 * u;
  const bars = [0, 1, 2, 3].map((bar) =>
    box(
      rect(right - (78 - 5 * bar) * u, y - (4 + 2.5 * bar) * u, 3.4 * u, (4 + 2.5 * bar) * u),
      ink,
      { radius: u },
    ),
  );
  const charge = 5 + random(16);
  return (
    text(clock(random), 26 * u, y, 15 * u, ink, { face: 'bold' }) +
    bars.join('') +
    text('5G', right - 53 * u, y, 12 * u, ink, { face: 'bold' }) +
    box(rect(right - 28 * u, y - 11 * u, 25 * u, 12 * u), ink, {
      radius: 3.5 * u,
      opacity: 0.4,
    }) +
    box(rect(right - 26 * u, y - 9 * u, charge * u, 8 * u), ink, {
      radius: 2 * u,
    })
  );
}

/** A row of icons across the bottom, and the bar to swipe up from. */
export function tabBar(
  { width, height, unit: u, paper, ink, faint }: Phone,
  icons: readonly Icon[],
): string {
  const top = height - 72 * u;
  const step = width / icons.length;
  return (
    box(rect(0, top, width, 72 * u), paper) +
    box(rect(0, top, width, Math.max(1, 0.5 * u)), faint, { opacity: 0.5 }) +
    iconRow(icons, step / 2 - 13 * u, top + 12 * u, step, 26 * u, ink) +
    swipeBar({ width, height, unit: u }, ink)
  );
}

export const swipeBar = (
  { width, height, unit: u }: Pick<Phone, 'width' | 'height' | 'unit'>,
  ink: string,
): string =>
  box(rect(width / 2 - 67 * u, height - 13 * u, 134 * u, 5 * u), ink, {
    radius: 2.5 * u,
  });
