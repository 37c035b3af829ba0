import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DECODE_OPTIONS } from '../../src/node/decode/decode.js';
import { FETCH_LIST_OPTIONS } from '../../src/node/files/fetch-list.js';
import { OPEN_OPTIONS } from '../../src/node/files/index-file.js';
import { OPEN_LIST_OPTIONS } from '../../src/node/files/open-blocklist.js';
import { SAVE_OPTIONS } from '../../src/node/files/save-index.js';
import { SEARCH_THREADS_OPTIONS } from '../../src/node/files/search-threads.js';
import { HASH_FILE_OPTIONS } from '../../src/node/hash-file.js';
import { HASH_FILES_OPTIONS } from '../../src/node/hash-files.js';
import {
  CHECK_OPTIONS,
  CHECK_UPLOAD_OPTIONS,
  POOL_OPTIONS,
} from '../../src/node/pool/create-hash-pool.js';
import { READ_OPTIONS } from '../../src/node/read-bytes.js';
import { HASH_VIDEO_OPTIONS } from '../../src/node/video/hash-video.js';
import { DIGEST_FILE_OPTIONS } from '../../src/picture/options.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import {
  type Argument,
  flag,
  fromOutside,
  list,
  member,
  optional,
  record,
  text,
} from './argument.js';
import { decision } from './decisions.js';
import type { Doors, Methods } from './exam.js';
import { by, core, decider, ENTRY, emptyClient, INDEX, LIST, node, row } from './values.js';

const folder = testFolder();
const indexPath = join(folder, 'list.ohx');
await node.saveIndex(indexPath, INDEX, { entries: { entryAt: () => ({ labels: [], id: '7' }) } });
const listPath = join(folder, 'list.ohl');
await node.openBlocklist(listPath, { create: core.createBlocklist([ENTRY as never]) });
const picturePath = join(ROOT, 'fixtures/images/rgb.png');
export const picture = readFileSync(picturePath);
const source = fromOutside(picture, 'text', 'bytes');
const videoPath = join(ROOT, 'fixtures/vpdq/clips/odd-size-h264-15.mp4');
const path = (good: string): Argument => fromOutside(good, 'text');
const paths = {
  ...member([picturePath], '[]', '[null]', '[text]', '[{}]', 'map', 'floats'),
  world: true,
};

export const NODE_DOORS: Doors = {
  matchReport: [
    list(
      record({
        decision,
        width: member(8, '7.5'),
        height: member(6, '7.5'),
        file: optional(text),
        bytes: optional(member(picture, 'bytes')),
        outlines: flag,
      }),
    ),
    by(DECODE_OPTIONS),
  ],
  check: [source, decider, by(CHECK_UPLOAD_OPTIONS)],
  createHashPool: [by(POOL_OPTIONS)],
  createSearchThreads: [member(LIST), by(SEARCH_THREADS_OPTIONS)],
  decode: [fromOutside(picture, 'bytes'), by(DECODE_OPTIONS)],
  decoders: [],
  fileKindOf: [fromOutside(indexPath, 'text')],
  hash: [source, by(HASH_FILE_OPTIONS)],
  hashVideo: [fromOutside(videoPath, 'text', 'bytes'), by(HASH_VIDEO_OPTIONS)],
  hashAll: [paths, by(HASH_FILES_OPTIONS)],
  openIndex: [fromOutside(indexPath, 'text', 'bytes'), by(OPEN_OPTIONS)],
  openBlocklist: [path(listPath), by(OPEN_LIST_OPTIONS)],
  readBytes: [source, by(READ_OPTIONS)],
  digestFile: [source, by(DIGEST_FILE_OPTIONS)],
  fetchList: [member(core.createBlocklist([])), text, member(emptyClient), by(FETCH_LIST_OPTIONS)],
  saveIndex: [path(join(folder, 'saved.ohx')), member(INDEX), by(SAVE_OPTIONS)],
  setWorkerScripts: [optional(member(join(ROOT, 'dist'), 'text'))],
};
const { entries: noted } = await node.openIndex(indexPath);

export const NODE_METHODS: Readonly<Record<string, Methods>> = {
  NotedEntries: {
    of: () => noted,
    doors: { entryAt: [row], rows: [] },
  },
  SearchThreads: {
    of: () => node.createSearchThreads(core.createBlocklist([ENTRY as never])),
    doors: { stats: [], ready: [], close: [] },
  },
  HashPool: {
    of: () => node.createHashPool({ workers: 1 }),
    doors: {
      hash: [source, by(HASH_FILE_OPTIONS)],
      check: [source, decider, by(CHECK_OPTIONS)],
      stats: [],
      close: [],
    },
  },
};
