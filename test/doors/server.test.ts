import { examEntry } from './exam.js';
import { SERVER_DOORS } from './server.js';

await examEntry('server', SERVER_DOORS);
