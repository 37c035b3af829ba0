import type { Raster } from '../../raster.js';
import { clock, maybe, pick, type Random } from './chance.js';
import { type Area, type Drawing, drawingIn, type Icon, rect } from './drawing.js';
import { fitted, inPixels, snapped } from './scene.js';

/** A phone's screen, with what draws on it: all in points of its design, of which it is 390 wide. */
export interface Screen extends Drawing {
  readonly width: number;
  readonly height: number;
  /** pixels for each point */
  readonly unit: number;
  /** The area with its sides between pixels, and the largest such of a photo's shape in `room`. */
  snapped(area: Area): Area;
  fitted(photo: Raster, room: Area, where?: Parameters<typeof fitted>[2]): Area;
}

/** A screen and the colours of its apps. */
export interface Phone extends Screen {
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

/** The screen of so many pixels. */
export function screenOf([width, height]: readonly [number, number]): Screen {
  const unit = width / 390;
  const inPoints = ({ left, top, width, height }: Area) =>
    rect(left / unit, top / unit, width / unit, height / unit);
  return {
    ...drawingIn(unit),
    width: 390,
    height: height / unit,
    unit,
    snapped: (area) => inPoints(snapped(inPixels(area, unit))),
    fitted: (photo, room, where) => inPoints(fitted(photo, inPixels(room, unit), where)),
  };
}

export function phoneOf(random: Random, dark = maybe(random, 45)): Phone {
  const screen = screenOf(pick(random, SCREENS));
  return {
    ...screen,
    dark,
    paper: dark ? pick(random, ['#000000', '#121212', '#1b1c1f']) : '#ffffff',
    ink: dark ? '#f2f2f2' : '#111111',
    faint: dark ? '#8a8a8e' : '#8e8e93',
  };
}

/** Height of the status bar. */
export const STATUS = 44;

/** The time, the signal and the battery along the top. */
export function statusBar({ box, text }: Screen, ink: string, random: Random): string {
  const bars = [0, 1, 2, 3].map((bar) => {
    const high = 4 + 2.5 * bar;
    return box(rect(290 + 5 * bar, 28 - high, 3.4, high), ink, { radius: 1 });
  });
  const charge = 5 + random(16);
  return (
    text(clock(random), 26, 28, 15, ink, 'bold') +
    bars.join('') +
    text('5G', 315, 28, 12, ink, 'bold') +
    box(rect(340, 17, 25, 12), ink, { radius: 3.5, opacity: 0.4 }) +
    box(rect(342, 19, charge, 8), ink, { radius: 2 })
  );
}

/** A row of icons across the bottom, and the bar to swipe up from. */
export function tabBar(phone: Phone, icons: readonly Icon[]): string {
  const { width, height, unit, paper, ink, faint, box, iconRow } = phone;
  const top = height - 72;
  const step = width / icons.length;
  return (
    box(rect(0, top, width, 72), paper) +
    box(rect(0, top, width, Math.max(1 / unit, 0.5)), faint, { opacity: 0.5 }) +
    iconRow(icons, step / 2 - 13, top + 12, step, 26, ink) +
    swipeBar(phone, ink)
  );
}

export const swipeBar = ({ height, box }: Screen, ink: string): string =>
  box(rect(128, height - 13, 134, 5), ink, { radius: 2.5 });
