import { dhash } from '../../src/hashing/dhash.js';
import { describeImageHash } from '../imagehash.js';

describeImageHash('dhash', dhash);
