import type { FetchSetup } from './lists/fetch-program.js';
import { runProgram, serve } from './programs/child.js';
import type { FollowSetup } from './store/follow-program.js';
import type { LoadSetup } from './store/load-program.js';
import type { ServeSetup } from './store/service-program.js';
import type { CopiesSetup } from './video/copies-program.js';

/* The programs of `bench lists`, `store`, `service` and `video`. */

await runProgram({
  copies: async (setup: CopiesSetup) =>
    (await import('./video/copies-program.js')).makeCopies(setup),
  fetch: async (setup: FetchSetup) => (await import('./lists/fetch-program.js')).fetchOnce(setup),
  follow: async (setup: FollowSetup) =>
    (await import('./store/follow-program.js')).followStore(setup),
  load: async (setup: LoadSetup) => (await import('./store/load-program.js')).sendLoad(setup),
  serve: async (setup: ServeSetup) =>
    serve(await (await import('./store/service-program.js')).servingListener(setup)),
});
