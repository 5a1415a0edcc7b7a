import { defineConfig } from 'rolldown';

// The program and its libraries are some 700 files: loading them one by one took half of a command's start. What is loaded apart (a command,
// the services, the screen) stays apart.

/** What dockerode would need to build with BuildKit over gRPC, which the program does not do: 70 ms of every start. */
const unused = ['@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs'];

export default defineConfig({
  input: { cli: 'src/cli.ts' },
  platform: 'node',
  // ssh2 finds its compiled part beside itself; the other one Ink loads for its own developers alone.
  external: ['ssh2', 'react-devtools-core'],
  transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  plugins: [
    {
      name: 'leave-out',
      resolveId: (id) => (unused.includes(id) ? `\0unused:${id}` : null),
      load: (id) => (id.startsWith('\0unused:') ? 'export {};' : null),
    },
  ],
  onLog: (level, log, handle) => {
    if (level === 'warn') throw new Error(log.message);
    handle(level, log);
  },
  // Names with a hash, and nothing of the last month is removed: a program that runs while it is built again loads what it was built with.
  output: { dir: 'build/compiled', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js', format: 'esm', sourcemap: true },
});
