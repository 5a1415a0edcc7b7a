/**
 * What a terminal takes for a command (ECMA-48): a string with its end (OSC, DCS, SOS, PM, APC), CSI, a short escape.
 * No body holds the beginning of another, so that every character is looked at a bounded number of times: text from a guest must not cost quadratic time,
 * as it does with `stripVTControlCharacters` and many beginnings without an end.
 */
const sequences = [
  String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)`,
  String.raw`(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]`,
  String.raw`\x1b[ -/]*[0-~]`,
];
/** Control characters but tab and line feed; marks that turn the direction of text. */
const controls = String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]`;

const anySequence = new RegExp(sequences.join('|'), 'g');
const anyControl = new RegExp([...sequences, controls].join('|'), 'g');
const unsafe = new RegExp(controls);
const isColour = (sequence: string): boolean => sequence.startsWith('\u001b[') && /^[\d;:]*m$/.test(sequence.slice(2));

/** Takes control sequences out of a text; other control characters stay. */
export const stripSequences = (text: string): string => (unsafe.test(text) ? text.replace(anySequence, '') : text);

/** Text that can do nothing to a terminal: no control sequence and no control character but tab and line feed. */
export const stripControls = (text: string): string => (unsafe.test(text) ? text.replace(anyControl, '') : text);

/** The same, but colours stay: for what goes to a terminal. */
export const onlyColours = (text: string): string => (unsafe.test(text) ? text.replace(anyControl, (found) => (isColour(found) ? found : '')) : text);

/** JSON that a terminal may show: DEL and C1 are written as escapes, like C0, which JSON escapes anyway. */
export const terminalJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(/(?!\n)\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
