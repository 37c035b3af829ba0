import { defineConfig } from 'vite';

export default defineConfig({
  // The page may lie in any folder.
  base: './',
  // Decoders become chunks of their own, which are loaded only when they are needed.
  worker: { format: 'es' },
  // The dev server finds these two, which a Worker imports.
  optimizeDeps: { include: ['heic-decode', 'utif2'] },
});
