// Builds the GraphiQL page into dist/, which src/http/playground.rs embeds in the binary.
// Everything the page needs is in dist/: no CDN, no external font, workers included.
import { defineConfig } from 'vite';

export default defineConfig({
  // The gateway serves the page at /graphiql and everything else below it.
  base: '/graphiql/',
  build: {
    outDir: 'dist',
    // Below dist/assets every name carries the hash of its content: cached for ever.
    assetsDir: 'assets',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    // The preload helper would need an inline script under our Content-Security-Policy.
    modulePreload: { polyfill: false },
    // The editor is one big lazy chunk, and known to be: warn only when it grows.
    chunkSizeWarningLimit: 3500,
    rolldownOptions: {
      onwarn(warning, warn) {
        // Dependencies say "use client", which means nothing in a page without a rendering server.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  worker: { format: 'es' },
  // For `npm run dev`: the page from Vite, the answers from a running gateway.
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/graphiql/examples.json'].map((path) => [
        path,
        process.env.COMPTOIR_URL ?? 'http://127.0.0.1:8080',
      ]),
    ),
  },
});
