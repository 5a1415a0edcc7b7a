import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vmFiles } from '../../src/config/vm-files.ts';
import { startFakeSshServer } from '../../src/services/fake-ssh-server.ts';
import { runCli } from '../support/cli.ts';
import type { FaultLab } from './lab.ts';
import type { Fault } from './types.ts';

const newHostKey = [
  'cd /etc/ssh && sudo rm -f ssh_host_ed25519_key ssh_host_ed25519_key.pub',
  "sudo ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
  'sudo systemctl restart ssh && echo changed',
].join(' && ');

const stranger = /another machine than the client VM answers on 127\.0\.0\.1:\d+: it shows the SSH host key SHA256:\S{43}, not SHA256:\S{43}\n.*--ssh-port/;

/** A run in the environment that is there, and a shell that must not open either. */
async function testAndShell(lab: FaultLab) {
  const program = lab.command(['test', '--testcase=read', '--triage=never', ...lab.flags]);
  lab.strike();
  const finished = await program.finished;
  const shell = await runCli(['shell', ...lab.flags, '--', 'true']);
  if (shell.exitCode === 0) throw new Error('a shell was opened all the same');
  if (!/host key verification failed/i.test(shell.stderr)) throw new Error(`the shell failed otherwise: ${shell.stderr}`);
  return finished;
}

/** What can be wrong with whom the SSH port leads to. */
export const sshFaults: readonly Fault[] = [
  {
    name: 'host-key-changed',
    about: 'the guest’s sshd has got another host key: it is not talked to, with both fingerprints, and no shell opens',
    speed: 'quick',
    expected: { exitCode: 3, says: [stranger], withinS: 15 },
    inflict: async (lab) => {
      await lab.must('start-env');
      const said = await lab.guest(newHostKey);
      if (!said.includes('changed')) throw new Error(`the guest kept its host key: ${said}`);
      const finished = await testAndShell(lab);
      await lab.must('stop-env');
      return finished;
    },
  },
  {
    name: 'other-sshd-answers',
    about: 'another SSH server, which takes any command, has the VM’s port: it is not logged in to, and nothing is taken for a pass',
    speed: 'slow',
    expected: { exitCode: 3, says: [stranger], withinS: 15 },
    inflict: async (lab) => {
      await lab.must('start-env');
      const { environment, key } = vmFiles({ vmDir: lab.vmDir });
      const server = await startFakeSshServer(await readFile(`${key}.pub`, 'utf8'));
      server.mute = true;
      const text = await readFile(environment, 'utf8');
      try {
        await writeFile(environment, text.replace(`"sshPort": ${lab.sshPort}`, `"sshPort": ${server.port}`));
        const finished = await testAndShell(lab);
        if (server.logins > 0) throw new Error(`it was logged in to ${server.logins} times`);
        if (server.seen === 0) throw new Error('it was not even asked');
        return finished;
      } finally {
        await writeFile(environment, text);
        server.close();
        await lab.must('stop-env');
      }
    },
  },
  {
    name: 'host-key-garbage',
    about: 'the file with the guest’s host key is damaged: it is set aside, key and seed are made anew, the VM is booted and saved again, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/host_ed25519 is damaged .*set aside/, /the saved client VM is not used: .*seed/, /NFS Test PASSED/], withinS: 240 },
    inflict: async (lab) => {
      const { hostKey, userData, metaData } = vmFiles({ vmDir: lab.vmDir });
      await lab.must('start-env', '--memory=448M');
      await lab.must('stop-env');
      await lab.keep(hostKey, userData, metaData, join(lab.vmDir, 'cidata.iso'));
      await writeFile(hostKey, (await readFile(hostKey, 'utf8')).slice(0, 150));
      const program = lab.run(['--memory=448M']);
      lab.strike();
      const finished = await program.finished;
      const aside = (await readdir(lab.vmDir)).filter((name) => name.startsWith('host_ed25519.corrupt-'));
      if (aside.length !== 1) throw new Error(`${aside.length} damaged host keys were set aside`);
      for (const name of aside) await rm(join(lab.vmDir, name));
      return finished;
    },
  },
];
