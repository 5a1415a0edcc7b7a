import { relative } from 'node:path';
import type { Options } from '../config/options.ts';
import { shellQuote } from '../model/shell-quote.ts';
import { posixScript } from '../suite/catalog.ts';

/** A shell command that runs these testcases with the settings that decide what is tested; those of the machine (ports, memory) are left out. */
export function repeatCommand(options: Options, testcases: readonly string[]): string {
  const { imageName, imageTag, serverConfig, nfsVersion, suite, suiteScript, nfstestSource } = options;
  return [
    'nfstest-tui',
    '--ci',
    `--image-name=${imageName.value}`,
    ...(imageTag === 'latest' ? [] : [`--image-tag=${imageTag}`]),
    ...(serverConfig === null ? [] : [`--server-config=${relative(process.cwd(), serverConfig)}`]),
    `--nfs-version=${nfsVersion}`,
    ...(suite === 'auto' ? [] : [`--suite=${suite}`]),
    ...(suiteScript === posixScript ? [] : [`--suite-script=${suiteScript}`]),
    ...(nfstestSource === '' ? [] : [`--nfstest-src=${nfstestSource}`]),
    `--testcase=${testcases.join(',')}`,
  ]
    .map(shellQuote)
    .join(' ');
}
