import fc from 'fast-check';

/**
 * The same inputs in every run, so that a failure is the change's. Other ones: FUZZ_SEED=$RANDOM FUZZ_RUNS=10000 npx vitest run src/fuzz.
 */
export function fixedRuns(): void {
  fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 20_261_125), numRuns: Number(process.env.FUZZ_RUNS ?? 300) });
}

/** Runs of an expensive property, in proportion to the others'. */
export const fewer = (part: number) => ({ numRuns: Math.ceil(Number(process.env.FUZZ_RUNS ?? 300) * part) });

/** What terminals obey, whole, in part, and with numbers that nobody means. */
const command = fc.oneof(
  fc.constantFrom(
    '\u001b',
    '\u001b[',
    '\u001b]',
    '\u001b]52;c;cm0=\u0007',
    '\u001b]0;t\u001b\\',
    '\u001bP',
    '\u001b\\',
    '\u001bc',
    '\u009b2J',
    '\u009d',
    '\u009c',
  ),
  fc.constantFrom('\u001b[?1049h', '\u001b[6n', '\u001b(0', '\u001b[31m', '\u001b[0m', '\r', '\b', '\u0007', '\u000e', '\u007f', '\u0085', '\u202e'),
  fc
    .tuple(
      fc.constantFrom('', '?', '>'),
      fc.array(fc.oneof(fc.nat(200), fc.constant(2_147_483_647)), { maxLength: 3 }),
      fc.constantFrom(...'@ABCDEFGHIJKLMPSTXZbcdfghlmnrsu'),
    )
    .map(([mark, numbers, final]) => `\u001b[${mark}${numbers.join(';')}${final}`),
);

const anyText = fc.oneof({ weight: 3, arbitrary: fc.string({ unit: 'grapheme' }) }, { weight: 2, arbitrary: fc.string({ unit: 'binary' }) });

/** Text with commands to terminals in it. */
export const hostileText = fc
  .array(fc.oneof(anyText, command, fc.constantFrom('\t', ' ', '漢', '👩‍👩‍👧', '\ud800')), { maxLength: 12 })
  .map((parts) => parts.join(''));

const word = fc.oneof(fc.constantFrom('open', 'read', 'write', 'chmod'), fc.stringMatching(/^[\w ']{0,8}$/));
const digits = fc.oneof(fc.nat(9999).map(String), fc.constantFrom('9'.repeat(16), '9'.repeat(320), '007'));
const indent = fc.constantFrom('', '    ', '          ', '\t');

/** Lines like the suite's, in any order, with anything between them. */
export const suiteLine = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(indent, word).map(([blank, name]) => `${blank}TEST: Running test '${name}'`) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(indent, fc.constantFrom('PASS', 'FAIL', 'BUG', 'WARN', 'INFO', 'IGNR', 'OPTS', 'DBG7', 'TIME', 'TEST'), hostileText)
      .map(([blank, label, text]) => `${blank}${label}: ${text}`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('PASS', 'FAIL', 'BUG'), word, digits, digits)
      .map(([label, name, passed, failed]) => `    ${label}: Verify POSIX API ${name}() on NFSv3 (${passed} passed, ${failed} failed)`),
  },
  { weight: 2, arbitrary: digits.map((number) => `    TIME: ${number}m${number}.5s`) },
  { weight: 1, arbitrary: fc.tuple(digits, digits).map(([passed, failed]) => `${passed} tests (${passed} passed, ${failed} failed)`) },
  { weight: 1, arbitrary: word.map((name) => `    OPTS: 02:00:33.894790 - runtest = ${name},^open,all`) },
  fc.constantFrom(
    'Traceback (most recent call last):',
    '    FAIL: Traceback (most recent call last):',
    '  File "/x", line 1, in y',
    'Exception: no',
    '',
    '   ',
    'CONFIG: no',
    'runner: x',
  ),
  hostileText,
);

/** A JSON value that often has the shape that is wanted, with one thing changed. */
export const almost = (sample: object): fc.Arbitrary<unknown> => {
  const names = Object.keys(sample);
  const changed = fc
    .tuple(fc.constantFrom(...(names.length === 0 ? ['x'] : names)), fc.jsonValue({ maxDepth: 2 }))
    .map(([name, value]) => ({ ...sample, [name]: value }));
  const without = fc
    .constantFrom(...(names.length === 0 ? ['x'] : names))
    .map((name) => Object.fromEntries(Object.entries(sample).filter(([key]) => key !== name)));
  return fc.oneof(
    { weight: 6, arbitrary: changed },
    { weight: 3, arbitrary: without },
    { weight: 1, arbitrary: fc.constant(sample) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
};

/** Cuts bytes into chunks of any size, also inside a character. */
export const chunked = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes.length === 0 ? bytes.length : Math.max(1, sizes[index % sizes.length] ?? 1);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
};

export const chunkSizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 });
