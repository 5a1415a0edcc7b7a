import { expect, it } from 'vitest';
import { redactCredentials } from './redact.ts';

it.each([
  ['https://ann:s3cret@git.example/x.git', 'https://***@git.example/x.git'],
  ['clone of https://token@host/x failed', 'clone of https://***@host/x failed'],
  ['ssh://git@host/x and git@host:x', 'ssh://git@host/x and git@host:x'],
  ['https://host/a@b', 'https://host/a@b'],
  ['"url":"https://a:b@h/x","mail":"a@b"', '"url":"https://***@h/x","mail":"a@b"'],
])('%s', (text, redacted) => {
  expect(redactCredentials(text)).toBe(redacted);
});
