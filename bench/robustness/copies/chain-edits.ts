import { isDeepStrictEqual } from 'node:util';
import { copies, type Edited, type Make, type Transform, whole } from '../edit.js';
import { covering, jpeg } from '../raster.js';
import { CHATS } from './chat-edits.js';
import { COLLAGES } from './collage-edits.js';
import { between, maybe, pick } from './drawing/chance.js';
import { FEEDS } from './feed-edits.js';
import { FILTERS } from './filter-edits.js';
import { COVERED, MEMES, STICKERS } from './mark-edits.js';
import { PAGES } from './page-edits.js';
import { mirror, shaped, trimmed } from './reframe-edits.js';
import { STORIES } from './story-edits.js';

/** The edit of a family by its name. */
function named(family: readonly Transform[], name: string): Make {
  const found = family.find((edit) => edit.name === name)!;
  return (photo, materials) => found.apply(photo, materials);
}

/**
 * Edits in a row. The truth is that of the last one if the ones before keep the photo's frame, and
 * else there is none.
 */
const chain =
  (...makes: readonly Make[]): Make =>
  async (photo, materials): Promise<Edited> => {
    let edited: Edited = { pixels: photo, truth: whole(photo) };
    let exact = true;
    for (const make of makes) {
      exact &&= isDeepStrictEqual(edited.truth, whole(edited.pixels));
      edited = await make(edited.pixels, materials);
    }
    const { pixels, truth } = edited;
    return exact && truth ? { pixels, truth } : { pixels };
  };

const anyOf =
  (edits: readonly Transform[]): Make =>
  (photo, materials) =>
    pick(materials.random, edits).apply(photo, materials);

/** Cuts a few percent off each side. */
const slightCrop: Make = async (photo, { random }) => {
  const side = between(random, 1, 4) / 200;
  return { pixels: trimmed(photo, [side, side, side, side]).pixels };
};

const square: Make = async (photo, { random }) => ({
  pixels: shaped(photo, 1, between(random, 0.3, 0.7)).pixels,
});

const flipped: Make = async (photo) => ({ pixels: await mirror(photo) });

const again: Make = async (photo, { random }) => {
  const scale = between(random, 0.5, 0.9);
  const pixels = await jpeg(
    await covering(photo, Math.round(scale * photo.width), Math.round(scale * photo.height)),
    Math.round(between(random, 40, 75)),
  );
  return { pixels, truth: whole(pixels) };
};

const chats = CHATS.filter(({ name }) => name.startsWith('chat,'));
const soft = FILTERS.filter(({ name }) => name !== 'inverted');

/** Two or three edits, one after the other. */
export const CHAINS = copies('several at once', {
  'meme in a chat': chain(named(MEMES, 'capitals below'), anyOf(chats)),
  'filter in a chat, sent on': chain(anyOf(soft), anyOf(chats), again),
  'signs, then a story': chain(
    named(STICKERS, 'some signs'),
    named(STORIES, 'on its blur, controls'),
  ),
  'cropped, then a page': chain(slightCrop, named(PAGES, 'post on a phone')),
  'square in a feed': chain(square, named(FEEDS, 'feed')),
  'mirrored in a story': chain(flipped, named(STORIES, 'on black, controls')),
  'remark above, in a feed, sent on': chain(
    named(MEMES, 'remark above'),
    named(FEEDS, 'feed'),
    again,
  ),
  'filter in a collage': chain(
    anyOf(soft),
    (photo, m) =>
      named(COLLAGES, maybe(m.random, 50) ? 'two by two, gaps' : 'two side by side')(photo, m),
    again,
  ),
  'cropped, watermark, filter': chain(slightCrop, named(COVERED, 'watermark across'), anyOf(soft)),
});
