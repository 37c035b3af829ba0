import { BROWSER_DOORS } from './browser.js';
import { examEntry } from './exam.js';

await examEntry('browser', BROWSER_DOORS);
