import { ffmpegMissing } from '../project/ffmpeg.js';
import { examEntry, examMethods } from './exam.js';
import { NODE_DOORS, NODE_METHODS } from './node.js';

await examEntry('node', NODE_DOORS, (await ffmpegMissing()) ? ['hashVideo'] : []);
examMethods(NODE_METHODS);
