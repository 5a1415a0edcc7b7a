/** Something the main job needs on the host. */
export interface Tool {
  readonly id: string;
  readonly title: string;
  /** Any one of these programs will do; the first is preferred. */
  readonly commands: readonly string[];
  /** Instead of a program: any one of these files. */
  readonly files?: readonly string[];
  /** What apt-get installs. */
  readonly debian: readonly string[];
  /** Homebrew's formulas; empty where macOS brings it or has no need. */
  readonly brew: readonly string[];
  readonly purpose: string;
  /** `required`: without it the main job can't run. */
  readonly need: 'required' | 'optional';
}

/** Which QEMU program runs a guest of an architecture (as `process.arch`). */
export const qemuBinaryFor = (arch: string) => (arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64');

/** Names of a browser that the tests can drive. */
export const browserCommands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;

export interface ToolsOptions {
  readonly platform: NodeJS.Platform;
  /** As `process.arch`; host and guest are the same. */
  readonly arch: string;
  readonly isRoot: boolean;
  /** With what the program's own tests need besides. */
  readonly forTests?: boolean;
}

/**
 * The one table of what has to be there. No docker command: the engine's API is used directly.
 * Package names are Debian's and Ubuntu's, which agree on all of these.
 */
export function toolsFor({ platform, arch, isRoot, forTests = false }: ToolsOptions): Tool[] {
  const isLinux = platform === 'linux';
  const isArm = arch === 'arm64';
  const tools: (Tool | false)[] = [
    {
      id: 'engine',
      title: 'container engine',
      commands: isLinux ? ['dockerd'] : ['colima', 'docker', 'orb', 'podman'],
      debian: ['docker.io'],
      brew: ['colima', 'docker'],
      purpose: 'runs the NFS server',
      need: 'required',
    },
    isLinux && {
      id: 'iptables',
      title: 'iptables',
      commands: ['iptables'],
      debian: ['iptables'],
      brew: [],
      purpose: "the engine's network",
      need: 'optional',
    },
    {
      id: 'qemu',
      title: 'QEMU',
      commands: [qemuBinaryFor(arch)],
      // The ARM package only recommends the network card's boot ROM, and QEMU refuses to start without it.
      debian: isArm ? ['qemu-system-arm', 'ipxe-qemu'] : ['qemu-system-x86'],
      brew: ['qemu'],
      purpose: 'runs the NFS client VM',
      need: 'required',
    },
    isArm &&
      isLinux && {
        id: 'firmware',
        title: 'UEFI firmware',
        commands: [],
        files: ['/usr/share/qemu-efi-aarch64/QEMU_EFI.fd', '/usr/share/AAVMF/AAVMF_CODE.fd', '/usr/share/edk2/aarch64/QEMU_EFI.fd'],
        debian: ['qemu-efi-aarch64'],
        brew: [],
        purpose: 'boots the client VM',
        need: 'required',
      },
    {
      id: 'qemu-img',
      title: 'qemu-img',
      commands: ['qemu-img'],
      debian: ['qemu-utils'],
      brew: ['qemu'],
      purpose: 'makes disk images and overlays',
      need: 'required',
    },
    {
      id: 'iso',
      title: 'ISO tool',
      commands: ['genisoimage', 'xorriso', 'mkisofs', ...(platform === 'darwin' ? ['hdiutil'] : [])],
      debian: ['genisoimage'],
      brew: [],
      purpose: 'makes the cloud-init seed',
      need: 'required',
    },
    isLinux && {
      id: 'mmdebstrap',
      title: 'mmdebstrap',
      commands: ['mmdebstrap'],
      // Ubuntu lacks Debian's keys; without root the image's files get their owners from fakeroot.
      debian: ['mmdebstrap', 'debian-archive-keyring', ...(isRoot ? [] : ['uidmap', 'fakeroot'])],
      brew: [],
      purpose: 'makes images from Debian packages where none can be downloaded',
      need: 'optional',
    },
    isLinux && {
      id: 'mke2fs',
      title: 'mke2fs',
      commands: ['mke2fs'],
      debian: ['e2fsprogs'],
      brew: [],
      purpose: "makes the Debian guest's disk",
      need: 'optional',
    },
    { id: 'git', title: 'git', commands: ['git'], debian: ['git'], brew: ['git'], purpose: 'gets the test suite', need: 'optional' },
    isLinux && {
      id: 'ca-certificates',
      title: 'CA certificates',
      commands: [],
      files: ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'],
      debian: ['ca-certificates'],
      brew: [],
      purpose: 'lets git and downloads use https',
      need: 'optional',
    },
    {
      id: 'ssh',
      title: 'ssh client',
      commands: ['ssh'],
      debian: ['openssh-client'],
      brew: [],
      purpose: 'opens a shell in the client VM',
      need: 'optional',
    },
    {
      id: 'tshark',
      title: 'tshark',
      commands: ['tshark'],
      // Only the tests must have it: a run without it keeps its captures, undecoded.
      debian: forTests ? ['tshark'] : [],
      brew: [],
      purpose: 'decodes the NFS calls around a failure',
      need: forTests ? 'required' : 'optional',
    },
    forTests && {
      id: 'browser',
      title: 'Chromium',
      commands: [...browserCommands],
      files: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'],
      debian: ['chromium'],
      brew: [],
      purpose: 'looks at the HTML report in the tests',
      need: 'required',
    },
  ];
  return tools.filter((tool) => tool !== false);
}
