import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    // The editor with its workers is one large page; the limit only warns.
    chunkSizeWarningLimit: 5000,
  },
});
