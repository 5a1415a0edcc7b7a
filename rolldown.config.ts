import { defineConfig } from 'rolldown';

// The program and its libraries are some 700 files: loading them one by one took half of a command's start, in a few files a fifth of a second
// less. Each command stays a file of its own, which is loaded when it runs.

/** What dockerode would need to build with BuildKit over gRPC, which the program does not do: 70 ms of every start. */
const unused = ['@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs'];

export default defineConfig({
  input: { cli: 'src/cli.ts' },
  platform: 'node',
  // ssh2 finds its compiled part beside itself, chokidar loads fsevents on macOS alone, and the others Ink loads for its own developers alone.
  external: ['ssh2', 'fsevents', 'react-devtools-core', 'ws'],
  transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  plugins: [
    {
      name: 'leave-out',
      resolveId: (id) => (unused.includes(id) ? `\0unused:${id}` : null),
      load: (id) => (id.startsWith('\0unused:') ? 'export {};' : null),
    },
  ],
  output: {
    ...{ dir: 'build/compiled', cleanDir: true, format: 'esm', sourcemap: true },
    ...{ entryFileNames: '[name].js', chunkFileNames: '[name].js' },
  },
});
