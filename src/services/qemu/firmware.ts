import { existsSync } from 'node:fs';

/** Where packages put the UEFI code for arm64. Sources: Homebrew's qemu (both prefixes), Debian's qemu-efi-aarch64, Fedora's edk2-aarch64. */
const places = [
  '/opt/homebrew/share/qemu/edk2-aarch64-code.fd',
  '/usr/local/share/qemu/edk2-aarch64-code.fd',
  '/usr/share/AAVMF/AAVMF_CODE.fd',
  '/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw',
];

/** UEFI code for a guest of this architecture; null where it needs none or none is installed. */
export async function findFirmware(arch: string): Promise<string | null> {
  return arch === 'arm64' ? (places.find((path) => existsSync(path)) ?? null) : null;
}
