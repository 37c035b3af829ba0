import { examMethods } from './exam.js';
import { STORE_METHODS } from './store.js';

examMethods(STORE_METHODS);
