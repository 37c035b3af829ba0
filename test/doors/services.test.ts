import { examEntry, examMethods } from './exam.js';
import { SERVICES_DOORS, SERVICES_METHODS, TESTING_DOORS } from './services.js';

await examEntry('services', SERVICES_DOORS);
await examEntry('testing', TESTING_DOORS);
examMethods(SERVICES_METHODS);
