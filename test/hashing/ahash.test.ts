import { ahash } from '../../src/hashing/ahash.js';
import { describeImageHash } from '../imagehash.js';

describeImageHash('ahash', ahash);
