import { createHash } from 'node:crypto';
import { UserError } from '../model/errors.ts';
import type { Setting } from './options.ts';

/** Where the usual ports of instances begin, after those of the environment without a name, and how far apart they are. */
export const nfsPortsAfter = 1_000;
export const sshPortsAfter = 5_000;
const portStep = 20;
const slots = 100;

/** Becomes part of a folder's and a container's name. */
export function instanceName(text: string): string {
  if (text !== '' && !/^[a-z0-9][a-z0-9-]{0,29}$/.test(text)) {
    throw new UserError(`'${text}' is no name of an instance`, 'use up to 30 lower-case letters, digits and - (INSTANCE, --instance)');
  }
  return text;
}

/** The same name has the same ports again, and most names have different ones; where two meet, the second gets the next that is free. */
export function portOfInstance(instance: string, { value, explicit }: Setting<number>, after: number): Setting<number> {
  if (instance === '' || explicit) return { value, explicit };
  const slot = createHash('sha256').update(instance).digest().readUInt32BE(0) % slots;
  return { value: value + after + slot * portStep, explicit };
}
