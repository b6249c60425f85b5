// What `import { Channel } from 'sluice'` adds to a bundle: minified and gzipped, in bytes.
// @ts-check
import { gzipSync } from 'node:zlib';
import { bundleOf } from '../build.mjs';

/** @type {import('../types.d.ts').FigureWorkload} */
export default {
  mark: { title: 'Channel alone, minified and gzipped', unit: 'bytes', atMost: 5_000 },
  async figure() {
    const code = await bundleOf(`export { Channel } from './index.js';`);
    return gzipSync(code, { level: 9 }).length;
  },
};
