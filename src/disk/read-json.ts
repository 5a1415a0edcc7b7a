import { open, rename, stat } from 'node:fs/promises';

/** Is told in one line of a file that was damaged. */
export type Tell = (message: string) => void;

const warn: Tell = (message) => process.emitWarning(message);

/** `env.json.corrupt-20261125-051203`. */
const asideName = (path: string, now: Date): string => `${path}.corrupt-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;

async function setAside(path: string, why: string, ino: number, tell: Tell): Promise<void> {
  // Another process may have put a sound one in its place meanwhile.
  const now = await stat(path).catch(() => null);
  if (now?.ino !== ino) return;
  const aside = asideName(path, new Date());
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  tell(`${path} is damaged (${why}) and counts as missing${moved ? `; it was set aside as ${aside}` : ''}`);
}

type Judgement<T> = { readonly value: T } | { readonly why: string };

async function readOwn<T>(path: string, judge: (text: string) => Judgement<T>, tell: Tell): Promise<T | null> {
  let text: string;
  let ino: number;
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    ({ ino } = await file.stat());
    text = await file.readFile('utf8');
  } catch {
    return null;
  } finally {
    await file.close();
  }
  const judged = judge(text);
  if ('value' in judged) return judged.value;
  await setAside(path, text.trim() === '' ? 'it is empty' : judged.why, ino, tell);
  return null;
}

const misshapen = 'it does not hold what it should';

/**
 * Reads a JSON file of this program. One that is cut off or holds something else is set aside and told of: losing what it said
 * costs a little work, while a program that ends with its parse error would do so at every start.
 *
 * @param shape the value as what it should be; null where it is not that.
 * @returns null where the file is missing, can't be read, or was damaged.
 */
export function readOwnJson<T>(path: string, shape: (value: unknown) => T | null, tell: Tell = warn): Promise<T | null> {
  const judge = (text: string): Judgement<T> => {
    try {
      const value = shape(JSON.parse(text));
      return value === null ? { why: misshapen } : { value };
    } catch {
      return { why: 'it is no JSON, cut off perhaps' };
    }
  };
  return readOwn(path, judge, tell);
}

/** As `readOwnJson`, for a file that holds other text; `shape` is given it as it stands there. */
export function readOwnText<T>(path: string, shape: (text: string) => T | null, tell: Tell = warn): Promise<T | null> {
  const judge = (text: string): Judgement<T> => {
    const value = shape(text);
    return value === null ? { why: misshapen } : { value };
  };
  return readOwn(path, judge, tell);
}
