import { phash } from '../../src/hashing/phash.js';
import { describeImageHash } from '../imagehash.js';

describeImageHash('phash', phash);
