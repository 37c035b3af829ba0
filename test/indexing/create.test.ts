import { describe } from 'vitest';
import { createIndex } from '../../src/indexing/create.js';
import { conforms } from './conformance.js';

describe('flat', () =>
  conforms((hashes, options) => createIndex(hashes, { kind: 'flat', ...options })));
describe('mih', () =>
  conforms((hashes, options) => createIndex(hashes, { kind: 'mih', ...options })));
describe('planned', () => conforms((hashes, options) => createIndex(hashes, options)));
