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
import type { Command } from './types.ts';

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

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '',
  summary: 'say what the main job needs, what is here and what is missing',
  details: ['Exit code 0 where the main job can run, else 3.'],
  run: async ({ options, switches, write, color }) => {
    const report = await diagnose(diagnoseOptions(options));
    write(switches.has('json') ? `${JSON.stringify(reportToJson(report), null, 2)}\n` : renderReport(report, { color }));
    return report.ok ? ExitCode.passed : ExitCode.environment;
  },
};

export const setupCommand: Command = {
  name: 'setup',
  usage: '',
  summary: 'install what is missing and start a container engine',
  details: ['Debian and Ubuntu: by apt-get, after asking (--yes: without). macOS: prints what to install.', 'Never touches what works already.'],
  run: async ({ options, switches, write, isTerminal }) => {
    await runSetup({
      yes: switches.has('yes'),
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
  },
};
