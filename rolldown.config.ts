import { defineConfig } from 'rolldown';

// Ink and React are some 200 files: loading them one by one took 200 ms of the first frame, as one file they take 80 ms.
// Puts the compiled screen in the place of itself, with all that it draws with.
const folder = 'build/compiled/components';

export default defineConfig({
  input: `${folder}/screen.js`,
  platform: 'node',
  // Ink loads these for its own developers alone.
  external: ['react-devtools-core', 'ws'],
  transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  output: { dir: folder, entryFileNames: '[name].js', chunkFileNames: 'screen-[name].js', format: 'esm', sourcemap: true },
});
