/** What a piece of text means; the theme says how that looks. Never the only carrier of a meaning. */
export type Tone = 'bold' | 'dim' | 'passed' | 'failed' | 'running' | 'warning' | 'accent' | 'cursor' | 'key' | 'frame' | 'focus';

export interface Theme {
  /** Paints a text for the terminal. */
  readonly paint: (text: string, tone: Tone) => string;
  /** Colours are wanted; where not, bold, dim and inverse may still be. */
  readonly colours: boolean;
  /** Draws with ASCII only. */
  readonly ascii: boolean;
}

type Codes = readonly [open: number, close: number];
const bold: Codes = [1, 22];
const dim: Codes = [2, 22];
const inverse: Codes = [7, 27];
// Of the 16 ANSI colours, which a user's theme defines, only those that can be read on black and on white.
const red: Codes = [31, 39];
const green: Codes = [32, 39];
const magenta: Codes = [35, 39];
const cyan: Codes = [36, 39];

const looks: Readonly<Record<Tone, readonly Codes[]>> = {
  bold: [bold],
  dim: [dim],
  passed: [green],
  failed: [bold, red],
  running: [bold, cyan],
  warning: [magenta],
  accent: [cyan],
  cursor: [inverse],
  key: [bold],
  frame: [dim],
  focus: [bold, cyan],
};
const colours: readonly Codes[] = [red, green, magenta, cyan];

function painter(level: 'none' | 'styles' | 'colours'): Theme['paint'] {
  if (level === 'none') return (text) => text;
  const pairs = Object.entries(looks).map(([tone, codes]) => {
    const used = level === 'styles' ? codes.filter((code) => !colours.includes(code)) : codes;
    const open = used.map(([code]) => `\u001B[${code}m`).join('');
    const close = used
      .map(([, code]) => `\u001B[${code}m`)
      .reverse()
      .join('');
    return [tone, [open, close]] as const;
  });
  const escapes = Object.fromEntries(pairs) as Record<Tone, readonly [string, string]>;
  return (text, tone) => {
    const [open, close] = escapes[tone];
    return open + text + close;
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** False where the locale names another character set; a locale of `C` or none is no answer, and every terminal of today reads UTF-8. */
const speaksUtf8 = ({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean => !/\.(?!utf-?8)/i.test(LC_ALL || LC_CTYPE || LANG || '');

/** The look for a terminal: NO_COLOR keeps bold, dim and inverse; TERM=dumb has nothing but ASCII. */
export function themeFor(environment: Environment): Theme {
  const dumb = environment['TERM'] === 'dumb';
  const colour = !environment['NO_COLOR'];
  const paint = painter(dumb ? 'none' : colour ? 'colours' : 'styles');
  return { paint, colours: colour && !dumb, ascii: dumb || environment['TERM'] === 'linux' || !speaksUtf8(environment) };
}

/** For tests: text alone. */
export const plainTheme: Theme = { paint: (text) => text, colours: false, ascii: false };
