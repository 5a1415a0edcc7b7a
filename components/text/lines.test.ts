import { expect, it } from 'vitest';
import { plainTheme } from '../theme/theme.ts';
import { span } from './line.ts';
import { paintLine } from './lines.tsx';

it('a name from somebody else’s recording can’t reach the terminal as a command', () => {
  const name = 'open\u001b]52;c;cm0gLXJm\u0007\u001b[2J\u009b1;1H';
  expect(paintLine([name, ' ', span(name, 'failed')], plainTheme)).toBe('open open');
});
