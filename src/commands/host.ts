import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { diagnose } from '../host/doctor.ts';
import { renderReport, reportToJson } from '../host/report.ts';
import { runSetup } from '../host/setup.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { alpineImageUrl } from '../services/images.ts';
import type { RunCommand } from './types.ts';

const diagnoseOptions = (options: Options) => {
  const files = vmFiles(options);
  return {
    vmDir: options.vmDir,
    nfsPort: options.nfsPort.value,
    sshPort: options.sshPort.value,
    vmMemoryBytes: options.memoryMiB * 2 ** 20,
    accelerator: options.accelerator,
    verdictFile: files.accelerators,
    kernels: [files.vmlinuz].filter((path) => existsSync(path)),
    serverSource: options.serverSource,
    imageUrl: options.vmSource === 'debian' ? null : alpineImageUrl(options.alpine.version, process.arch === 'arm64' ? 'aarch64' : 'x86_64'),
  };
};

export const doctor: RunCommand = async ({ options, switches, write, color }) => {
  const report = await diagnose(diagnoseOptions(options));
  write(switches.has('json') ? `${JSON.stringify(reportToJson(report), null, 2)}\n` : renderReport(report, { color }));
  return report.ok ? ExitCode.passed : ExitCode.environment;
};

export const setup: RunCommand = async ({ options, switches, write, isTerminal }) => {
  await runSetup({
    yes: switches.has('yes'),
    forTests: switches.has('for-tests'),
    isTerminal,
    ask: async (question) => {
      const terminal = createInterface({ input: process.stdin, output: process.stdout });
      try {
        return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
      } finally {
        terminal.close();
      }
    },
    write: (line) => write(`${line}\n`),
    logDir: join(options.buildDir, 'setup'),
  });
  return ExitCode.passed;
};
