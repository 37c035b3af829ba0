import { examEntry, examMethods } from './exam.js';
import { NODE_DOORS, NODE_METHODS } from './node.js';

await examEntry('node', NODE_DOORS);
examMethods(NODE_METHODS);
