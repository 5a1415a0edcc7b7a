import { relative } from 'node:path';
import type { Options } from '../config/options.ts';
import { repeatCommand as command } from '../model/repeat-command.ts';
import { posixScript } from '../model/suite-script.ts';

/** A shell command that runs these testcases with the settings that decide what is tested. */
export function repeatCommand(options: Options, testcases: readonly string[]): string {
  const { imageName, imageTag, serverConfig, nfsVersions, suite, suiteScript, nfstestSource, given } = options;
  return command({
    ...{ imageName: imageName.value, imageTag, nfsVersions, suite, testcases },
    script: suiteScript === posixScript ? null : suiteScript,
    nfstestSource: nfstestSource === '' ? null : nfstestSource,
    settings: serverConfig === null ? given : { ...given, SERVER_CONFIG: relative(process.cwd(), serverConfig) },
  });
}
