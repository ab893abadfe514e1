/** Names for the files of exports. */

const LONGEST = 60;

/** Return a file's name without its ending: what a chat is about, as far as file systems and people take it. */
export function nameOf(topic: string): string {
  const plain = topic
    .normalize('NFC')
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, ' ')
    .replace(/[\\/:*?"<>|%#&{}$!'`@+=[\]^~;,]/g, ' ')
    .replace(/\s+/g, ' ');
  const short = [...plain].slice(0, LONGEST).join('');
  return short.replace(/^[\s.-]+|[\s.-]+$/g, '') || 'chat';
}

/** Return the first of `name`, `name 2`, `name 3`, ... that is free in a folder. */
export async function freePath(
  folder: string,
  name: string,
  ending: string,
  taken: (path: string) => Promise<boolean>
): Promise<string> {
  const base = folder && !folder.endsWith('/') && !folder.endsWith(':') ? `${folder}/` : folder;
  for (let number = 1; ; number++) {
    const path = `${base}${name}${number > 1 ? ` ${number}` : ''}${ending}`;
    if (!(await taken(path))) {
      return path;
    }
  }
}
