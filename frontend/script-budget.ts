// A build whose script is larger than the budget fails: the room has to open on a weak phone line.
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Fails the build when all its script, gzipped, is more than `bytes`. */
export function scriptBudget(bytes: number): Plugin {
  return {
    name: 'script-budget',
    generateBundle(_options, bundle) {
      const sizes = Object.values(bundle).map((part) =>
        part.type === 'chunk' ? gzipSync(part.code).length : 0,
      );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (total > bytes) this.error(`The room's script is ${total} bytes gzipped, over ${bytes}.`);
      this.info(`The room's script is ${total} bytes gzipped, of ${bytes}.`);
    },
  };
}
