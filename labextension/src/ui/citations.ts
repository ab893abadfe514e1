/** Numbers in brackets of an answer, made into buttons that open the passages they mean. */

/** What a number stands for: in words, and what opens it. */
export interface ICitation {
  readonly label: string;
  open(): void;
}

const NUMBERS = /\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]/g;

/** In these a bracket with a number is something else. */
const NOT_IN = 'pre, code, a, button, .MathJax, mjx-container';

/** Put a button around each number of a node for which there is a passage; return what takes the buttons away. */
export function linkCitations(node: HTMLElement, find: (number: number) => ICitation | null): () => void {
  const texts: Text[] = [];
  const walker = node.ownerDocument.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  for (let one = walker.nextNode(); one; one = walker.nextNode()) {
    if (!one.parentElement?.closest(NOT_IN)) {
      texts.push(one as Text);
    }
  }
  const undone: (() => void)[] = [];
  for (const one of texts) {
    const parts = linked(one.data, find);
    if (parts) {
      one.replaceWith(...parts);
      undone.push(() => {
        parts.slice(1).forEach(part => part.remove());
        parts[0].replaceWith(one);
      });
    }
  }
  return () => undone.forEach(undo => undo());
}

/** The pieces of a text, null where no number in it means a passage. */
function linked(text: string, find: (number: number) => ICitation | null): ChildNode[] | null {
  const parts: ChildNode[] = [];
  let end = 0;
  let any = false;
  for (const match of text.matchAll(NUMBERS)) {
    const pieces = match[1].split(/(\d+)/).filter(piece => piece);
    const known = pieces.map(piece => (/^\d+$/.test(piece) ? find(Number(piece)) : null));
    if (!known.some(one => one)) {
      continue;
    }
    any = true;
    parts.push(new Text(`${text.slice(end, match.index)}[`));
    pieces.forEach((piece, at) => {
      const citation = known[at];
      parts.push(citation ? button(piece, citation) : new Text(piece));
    });
    parts.push(new Text(']'));
    end = match.index + match[0].length;
  }
  return any ? [...parts, new Text(text.slice(end))] : null;
}

function button(text: string, citation: ICitation): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'jp-FrevaGPT-citation';
  made.textContent = text;
  made.title = citation.label;
  made.setAttribute('aria-label', citation.label);
  made.addEventListener('click', () => citation.open());
  return made;
}
