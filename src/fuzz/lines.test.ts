import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { cleanLine } from '../../components/text/clean.ts';
import { widthOf } from '../../components/text/width.ts';
import { onlyColours, stripControls, stripSequences } from '../model/terminal-text.ts';
import { LineSplitter } from '../stream/split-lines.ts';
import { chunked, chunkSizes, fixedRuns, hostileText } from './fake-input.ts';

beforeAll(fixedRuns);

const split = (chunks: readonly Uint8Array[], longest?: number): string[] => {
  const splitter = longest === undefined ? new LineSplitter() : new LineSplitter({ longest });
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
};

/** What the splitter must do, said in one expression; it takes the whole text at once. */
function plainly(bytes: Uint8Array): string[] {
  const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split(/\r*\n|\r+(?!\n|$|\r)/);
  const rest = (lines.pop() ?? '').replace(/\r+$/, '');
  return rest === '' ? lines : [...lines, rest];
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.array(fc.constantFrom('\n', '\r', '\r\n', 'a', 'ü', '€', '𝄞', ''), { maxLength: 60 }).map((parts) => new TextEncoder().encode(parts.join(''))),
);

describe('LineSplitter', () => {
  it('gives the lines of the whole, however it is cut', () => {
    fc.assert(
      fc.property(bytes, chunkSizes, (input, sizes) => {
        const lines = split(chunked(input, sizes));
        expect(lines).toEqual(plainly(input));
        expect(lines.some((line) => line.includes('\n') || line.includes('\r'))).toBe(false);
      }),
    );
  });

  it('bounds a line, and gives the same one however it is cut', () => {
    fc.assert(
      fc.property(bytes, chunkSizes, fc.integer({ min: 1, max: 9 }), (input, sizes, longest) => {
        const lines = split(chunked(input, sizes), longest);
        expect(lines).toEqual(split([input], longest));
        expect(lines).toHaveLength(plainly(input).length);
        for (const [index, line] of plainly(input).entries()) {
          if (line.length <= longest) expect(lines[index]).toBe(line);
          else expect(lines[index]).toBe(`${line.slice(0, longest).toWellFormed()} … (${line.length - longest} more characters)`);
        }
      }),
    );
  });

  it.each(['x', '\r', '\u001b]', 'ü'])('keeps little of 20 MB of %j without a line end', (unit) => {
    const splitter = new LineSplitter();
    const chunk = Buffer.from(unit.repeat(65_536 / Buffer.byteLength(unit)));
    for (let index = 0; index < 320; index++) expect(splitter.push(chunk)).toEqual([]);
    const [line = ''] = splitter.end();
    expect(line.length).toBeLessThan(66_000);
  });
});

describe('text for terminals', () => {
  it('holds no control character, and what was harmless stays', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(stripControls(text)).not.toMatch(/(?![\t\n])\p{Cc}/u);
        expect(stripControls(stripControls(text))).toBe(stripControls(text));
        const colours = onlyColours(text);
        // Without the colours nothing is left that begins with ESC.
        expect(stripSequences(colours)).not.toMatch(/(?![\t\n])\p{Cc}/u);
        expect(stripControls(colours)).toBe(stripControls(text));
      }),
    );
    fc.assert(fc.property(fc.stringMatching(/^[ -~äß漢]*$/), (text) => stripControls(text) === text && onlyColours(text) === text));
  });

  it('cleanLine gives one line that has a width and is not too long', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const line = cleanLine(text);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(cleanLine(line)).toBe(line);
        expect(widthOf(line)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
