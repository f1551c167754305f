// Builds the room into frontend/dist, and runs its unit tests. The manifest's key of the entry is
// `frontend/src/main.tsx`, which is what the page's template asks for.
import preact from '@preact/preset-vite';
import { defineConfig } from 'vitest/config';
import { scriptBudget } from './script-budget.ts';

export default defineConfig({
  base: '/static/room/',
  plugins: [preact({ devToolsEnabled: false, reactAliasesEnabled: false }), scriptBudget(60_000)],
  build: {
    outDir: 'frontend/dist',
    emptyOutDir: true,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    target: 'es2022',
    rollupOptions: { input: 'frontend/src/main.tsx' },
  },
  test: {
    include: ['frontend/src/**/*.test.{ts,tsx}'],
    environment: 'node',
  },
});
