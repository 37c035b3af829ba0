import type { Materials } from '../../edit.js';

/** A seeded random integer from 0 to `below` - 1. */
export type Random = Materials['random'];

export const between = (random: Random, low: number, high: number): number =>
  low + ((high - low) * random(10_001)) / 10_000;

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

/** True in `percent` of a hundred cases. */
export const maybe = (random: Random, percent: number): boolean => random(100) < percent;

const WORDS = `about after again all always and another around ask away back because been before
best better big bring but call came can car city close coffee come cool could day did dinner down
early enough even ever every family far feel find first for found friend from get give go going
good got great had happy hard has have heard help here hope house how idea if in it just keep
kind know last later left let life like little live long look lot made make many maybe me mean
might more morning most much music must need never new next nice night no not nothing now of off
old on one only open other our out over people photo place plan play please pretty quick really
right road room said same saw say see send should show small so some soon start still stop story
street such summer sure take talk tell than thank that the their then there these they thing
think this time today together tomorrow too train try turn two under until up use very wait walk
want was water way we weather week well went were what when where which while who why will window
with without work world would year yes yesterday you your`.split(/\s+/);

const NAMES = `Ada Amir Anna Ben Carla Chen Dana Diego Elif Emma Farid Grace Hana Ivan Jonas Julia
Kofi Lena Leo Lucia Maya Mila Nadia Noah Nora Omar Paula Priya Rosa Sam Sara Tariq Theo Uma Vera
Will Yara Zoe`.split(/\s+/);

export const personName = (random: Random): string => pick(random, NAMES);

/** Some words in a row, which begin with a capital letter. */
export function phrase(random: Random, least: number, most: number): string {
  const count = least + random(most - least + 1);
  const words = Array.from({ length: count }, () => pick(random, WORDS)).join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A few sentences. */
export const prose = (random: Random, sentences: number): string =>
  Array.from({ length: sentences }, () => `${phrase(random, 6, 15)}.`).join(' ');

/** A time of day, such as 9:07. */
export const clock = (random: Random): string =>
  `${1 + random(12)}:${String(random(60)).padStart(2, '0')}`;

/** A strong colour of a random hue. */
export const vivid = (random: Random): string =>
  `hsl(${random(360)}, ${45 + random(45)}%, ${38 + random(24)}%)`;
