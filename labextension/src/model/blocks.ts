/** Markdown cut into its top-level blocks, so that a growing text is rendered only at its end. */

const FENCE = /^\s*(?:[>*+-]\s+|\d+[.)]\s+)*(`{3,}|~{3,})(.*)$/;

/** Split a text at blank lines that are outside code fences and display formulas; joined again it is the same. */
export function splitBlocks(text: string): string[] {
  const blocks: string[] = [];
  let block = '';
  let fence = '';
  let formula = false;
  let blank = false;
  for (const line of text.split(/(?<=\n)/)) {
    const empty = line.trim() === '';
    if (blank && !empty && !fence && !formula && block.trim() !== '') {
      blocks.push(block);
      block = '';
    }
    blank = empty;
    block += line;
    const mark = FENCE.exec(line.trimEnd());
    if (fence) {
      if (mark && mark[2].trim() === '' && closes(mark[1], fence)) {
        fence = '';
      }
    } else if (mark && !(mark[1][0] === '`' && mark[2].includes('`'))) {
      fence = mark[1];
    } else if ((line.match(/\$\$/g)?.length ?? 0) % 2 === 1) {
      formula = !formula;
    }
  }
  if (block) {
    blocks.push(block);
  }
  return blocks;
}

function closes(mark: string, fence: string): boolean {
  return mark[0] === fence[0] && mark.length >= fence.length;
}
