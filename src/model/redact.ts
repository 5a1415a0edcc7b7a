/** Takes names and passwords out of URLs: `https://ann:secret@host/` becomes `https://***@host/`. `git@` and `ssh://git@` are no secrets. */
export function redactCredentials(text: string): string {
  return text.replaceAll(/\b([a-z][a-z\d+.-]*:\/\/)(?!git@)[^\s/@'"]+@/gi, '$1***@');
}
