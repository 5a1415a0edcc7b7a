import type { Key } from 'ink';

/** The names of keys in the key table: `up`, `pagedown`, `enter`, `space`, `shift+tab`, `ctrl+c`, or the character itself. */
function nameOf(input: string, key: Key): string {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.leftArrow) return 'left';
  if (key.rightArrow) return 'right';
  if (key.pageUp) return 'pageup';
  if (key.pageDown) return 'pagedown';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'enter';
  if (key.escape) return 'escape';
  if (key.tab) return key.shift ? 'shift+tab' : 'tab';
  if (key.backspace || key.delete) return 'backspace';
  if (key.ctrl) return `ctrl+${input}`;
  return characterName(input);
}

function characterName(character: string): string {
  if (character === ' ') return 'space';
  if (character === '\r' || character === '\n') return 'enter';
  if (character === '\t') return 'tab';
  return character;
}

/** What was pressed; several where the terminal sent them in one piece, as it does over a slow line. */
export function keyNames(input: string, key: Key): string[] {
  const several = [...input].length > 1 && !key.ctrl && !key.meta;
  return several ? [...input].map(characterName) : [nameOf(input, key)].filter((name) => name !== '');
}
