import { describe } from 'vitest';
import { FlatIndex } from '../../src/indexing/flat.js';
import { packedWords } from '../../src/indexing/packed-words.js';
import { conforms } from './conformance.js';

describe('flat', () => conforms((hashes, options) => new FlatIndex(packedWords(hashes, options))));
