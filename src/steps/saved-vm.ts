import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../disk/write-file.ts';
import { fileStamp, sha256 } from './file-digest.ts';

/** Saved VMs that are kept beside each other: for one lane and for several, for one suite and another. */
const keptCount = 4;

/** What a saved VM depends on, by the words that tell a person what has changed. */
export type SavedVmIdentity = Readonly<Record<string, string>>;

/** A client VM as it was after its boot, ready for testcases: its memory, the state of its devices, and its disk. */
export interface SavedVmFiles {
  readonly dir: string;
  readonly memory: string;
  readonly devices: string;
  readonly disk: string;
  /** Written last: a folder without it was not finished. */
  readonly record: string;
}

interface SavedVmRecord {
  readonly format: 1;
  readonly identity: SavedVmIdentity;
  /** The small file's digest; stamps of the large ones, which would take seconds to read. */
  readonly files: { readonly devices: string; readonly memory: string; readonly disk: string };
}

export function savedVmFiles(savedDir: string, slot: string): SavedVmFiles {
  const dir = join(savedDir, slot);
  return { dir, memory: join(dir, 'memory.img'), devices: join(dir, 'devices.state'), disk: join(dir, 'disk.qcow2'), record: join(dir, 'saved.json') };
}

const stampsOf = async ({ devices, memory, disk }: SavedVmFiles): Promise<SavedVmRecord['files']> => ({
  devices: await sha256(devices),
  memory: await fileStamp(memory),
  disk: await fileStamp(disk),
});

const isRecord = (value: Partial<SavedVmRecord> | null): value is SavedVmRecord =>
  typeof value?.identity === 'object' && value.identity !== null && typeof value.files === 'object' && value.files !== null;

/** Whether a saved VM can be used: `fits`, `missing`, or why it can't. */
export async function checkSaved(files: SavedVmFiles, identity: SavedVmIdentity): Promise<'fits' | 'missing' | { readonly reason: string }> {
  let record: SavedVmRecord;
  try {
    const found = JSON.parse(await readFile(files.record, 'utf8')) as Partial<SavedVmRecord> | null;
    if (typeof found?.format === 'number' && found.format !== 1) return { reason: 'it was saved by another version of this program' };
    if (!isRecord(found)) return { reason: 'its record is damaged' };
    record = found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return { reason: 'its record is damaged' };
    const begun = await stat(files.dir).catch(() => null);
    return begun === null ? 'missing' : { reason: 'saving it was cut off' };
  }
  const names = new Set([...Object.keys(identity), ...Object.keys(record.identity)]);
  const changed = [...names].filter((name) => identity[name] !== record.identity[name]);
  if (changed.length > 0) return { reason: `${changed.join(', ')} changed` };
  try {
    const stamps = await stampsOf(files);
    const damaged = (['devices', 'memory', 'disk'] as const).filter((name) => stamps[name] !== record.files[name]);
    return damaged.length === 0 ? 'fits' : { reason: `its ${damaged.join(' and ')} changed on disk` };
  } catch {
    return { reason: 'a file of it is missing' };
  }
}

/** Declares the files complete, after they have reached the disk: a crash of the machine must not leave half a memory behind. */
export async function finishSaved(files: SavedVmFiles, identity: SavedVmIdentity): Promise<void> {
  for (const path of [files.memory, files.devices, files.disk]) {
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
  const record: SavedVmRecord = { format: 1, identity, files: await stampsOf(files) };
  await writeFileAtomically(files.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Removes all but the newest saved VMs. */
export async function pruneSaved(savedDir: string): Promise<void> {
  const slots = await readdir(savedDir).catch(() => []);
  const aged = await Promise.all(
    slots.map(async (slot) => {
      const { dir, record } = savedVmFiles(savedDir, slot);
      return { dir, mtimeMs: (await stat(record).catch(() => ({ mtimeMs: 0 }))).mtimeMs };
    }),
  );
  const old = aged.sort((a, b) => b.mtimeMs - a.mtimeMs).slice(keptCount);
  await Promise.all(old.map(({ dir }) => rm(dir, { recursive: true, force: true })));
}
