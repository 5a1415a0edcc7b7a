import { readFileSync } from 'node:fs';
import { asset } from './paths.ts';

/** Reads the `KEY ?= value` lines of a make fragment; other lines are ignored. Values are taken literally. */
export function parseDefaults(text: string): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^([A-Z][A-Z0-9_]*)\s*\?=[ \t]*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined) values[match[1]] = match[2] ?? '';
  }
  return values;
}

/** The program's defaults, from nfstest/defaults.mk. */
export const readDefaults = (): Readonly<Record<string, string>> => parseDefaults(readFileSync(asset('defaults.mk'), 'utf8'));
