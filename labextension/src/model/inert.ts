/** Markdown that loads nothing wherever it is shown: for what leaves the panel, whose own sanitizer is not there then. */

/** A character of no width. */
const GAP = '\u200b';

const TAGS =
  'audio|base|body|embed|i?frame|image|img|input|link|math|meta|object|picture|script|source|style|svg|track|use|video';
const IMAGE = /!(?=\[)/g;
const TAG = new RegExp(`<(?=(?:${TAGS})\\b)`, 'gi');
const ANY_TAG = /<(?=[a-z])/gi;
/** In what a tag becomes one of these may count as its attribute though the text has it far behind. */
const ATTRIBUTE = /(?:background|poster|src|srcset|style)\s*=/gi;
const MATH = /\\(?=(?:class|cssId|href|includegraphics|require|style|unicode)\b)/g;

/**
 * Return Markdown whose images are links, and whose tags and formulas that could load or hide something are text.
 *
 * Notebooks show any image of their Markdown, from any host, so that a text which a model was talked into could carry
 * data out. What is code and what is not depends on who reads the Markdown, so nothing here does: the character that is
 * put in stands only where no code is likely to have it.
 */
export function inert(markdown: string): string {
  const last = [...markdown.matchAll(ATTRIBUTE)].at(-1)?.index ?? 0;
  const safe = markdown.slice(0, last).replace(ANY_TAG, broken) + markdown.slice(last);
  return [IMAGE, TAG, MATH].reduce((text, loading) => text.replace(loading, broken), safe);
}

function broken(beginning: string): string {
  return beginning + GAP;
}
