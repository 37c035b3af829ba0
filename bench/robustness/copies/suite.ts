import { broughtEdits } from '../brought.js';
import type { Transform } from '../edit.js';
import { CHAINS } from './chain-edits.js';
import { CHATS } from './chat-edits.js';
import { COLLAGES, SQUARES } from './collage-edits.js';
import { DOCUMENTS } from './document-edits.js';
import { FEEDS } from './feed-edits.js';
import { ENCODED, FILTERS, GIFS, STRETCHED } from './filter-edits.js';
import { LOCAL } from './local-edits.js';
import { COVERED, MEMES, STICKERS } from './mark-edits.js';
import { PAGES } from './page-edits.js';
import { POLAROIDS, SCREENS } from './photographed-edits.js';
import { PLAYERS } from './player-edits.js';
import { CROPS, MIRRORED, SOCIAL, STRAIGHTENED, TALL, TURNED } from './reframe-edits.js';
import { STORIES } from './story-edits.js';

/**
 * The copies that people make, in 24 families that weigh the same. Their names are the report's
 * rows. An edit's family and name seed its random choices. Edits that were brought take their place.
 */
export const COPIES: readonly Transform[] = (await broughtEdits()) ?? [
  ...CHATS,
  ...FEEDS,
  ...STORIES,
  ...PAGES,
  ...DOCUMENTS,
  ...PLAYERS,
  ...COLLAGES,
  ...SQUARES,
  ...MEMES,
  ...STICKERS,
  ...COVERED,
  ...LOCAL,
  ...FILTERS,
  ...CROPS,
  ...SOCIAL,
  ...TALL,
  ...STRAIGHTENED,
  ...SCREENS,
  ...POLAROIDS,
  ...MIRRORED,
  ...CHAINS,
  ...ENCODED,
  ...STRETCHED,
  ...GIFS,
  ...TURNED,
];
