import { describe, expect, it } from 'vitest';
import { LineSplitter } from './split-lines.ts';

function split(chunks: readonly (Uint8Array | string)[]): string[] {
  const splitter = new LineSplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

/** Every way to cut a text into two pieces, and into single bytes. */
function* cuts(bytes: Buffer): Generator<Buffer[]> {
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield [...bytes].map((byte) => Buffer.from([byte]));
}

describe('LineSplitter', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\nb\n', ['a', '', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    // A serial console doubles the \r.
    ['a\r\r\nb', ['a', 'b']],
    ['10%\r20%\r30%\n', ['10%', '20%', '30%']],
    ['a\r\rb\n', ['a', 'b']],
    ['a\r', ['a']],
    ['\r', []],
    ['grün €\n𝄞', ['grün €', '𝄞']],
    ['\n', ['']],
  ])('%j', (text, lines) => {
    expect(split([text])).toEqual(lines);
    for (const pieces of cuts(Buffer.from(text))) expect(split(pieces)).toEqual(lines);
  });

  it('gives a line as soon as it is known to be whole', () => {
    const splitter = new LineSplitter();
    expect(splitter.push('one\ntw')).toEqual(['one']);
    expect(splitter.push('o\r')).toEqual([]);
    expect(splitter.push('three')).toEqual(['two']);
    expect(splitter.end()).toEqual(['three']);
    expect(splitter.end()).toEqual([]);
  });

  it('shows bytes that are no UTF-8 instead of failing', () => {
    expect(split([Buffer.from([0x61, 0xff, 0x62, 0x0a])])).toEqual(['a\ufffdb']);
    expect(split([Buffer.from([0xe2, 0x82])])).toEqual(['\ufffd']);
  });
});
