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

/** A line that names an address for what refers to it, wherever that stands. */
const DEFINITION = /^ {0,3}\[((?:[^\]\\\n]|\\.)+)\]:.*$/gm;
const ITEM = /^ {0,3}(?:[*+-]|\d{1,9}[.)])\s/;
const INDENTED = /^(?: {2}|\t)/;
/** HTML may begin an element that ends blocks later. */
const HTML = /^ {0,3}<[a-z/!?]/im;

/** Split a text that will not grow: what spans blank lines stays whole, and what is referred to comes along. */
export function splitWhole(text: string): string[] {
  const blocks = splitBlocks(text);
  const plain = blocks.filter(block => !isFenced(block));
  if (plain.some(block => HTML.test(block))) {
    return [text];
  }
  const definitions = new Map<string, string>();
  for (const [line, label] of plain.flatMap(block => [...block.matchAll(DEFINITION)])) {
    if (!definitions.has(labelled(label))) {
      definitions.set(labelled(label), line);
    }
  }
  return joinLists(blocks).map(block => withDefinitions(block, definitions));
}

function joinLists(blocks: readonly string[]): string[] {
  const joined: string[] = [];
  let list = false;
  for (const block of blocks) {
    const item = ITEM.test(block);
    if (list && (item || INDENTED.test(block))) {
      joined[joined.length - 1] += block;
    } else {
      joined.push(block);
      list = item;
    }
  }
  return joined;
}

function withDefinitions(block: string, definitions: ReadonlyMap<string, string>): string {
  const asked = new Set([...block.matchAll(/\[((?:[^[\]\\]|\\.)+)\]/g)].map(found => labelled(found[1])));
  const lines = [...definitions].filter(([label]) => asked.has(label)).map(([, line]) => line);
  return lines.length ? `${lines.join('\n')}\n\n${block}` : block;
}

function isFenced(block: string): boolean {
  return block.split('\n').some(line => FENCE.test(line));
}

function labelled(label: string): string {
  return label.trim().replace(/\s+/g, ' ').toLowerCase();
}

function closes(mark: string, fence: string): boolean {
  return mark[0] === fence[0] && mark.length >= fence.length;
}
