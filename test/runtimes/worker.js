import { coreSteps, factsOf } from './core.js';

// For workerd: the part that needs none of Node's modules.
// biome-ignore lint/style/noDefaultExport: workerd takes no other.
export default {
  async fetch(request) {
    return Response.json(await factsOf(coreSteps(await request.json())));
  },
};
