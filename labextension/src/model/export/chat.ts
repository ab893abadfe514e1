/** A thread as it is exported, whatever to. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { inert } from '../inert';
import type { CardState } from '../run';
import type { Transcript } from '../transcript';

/** The transcript, and what is known beside it. */
export interface IChat {
  id: string;
  topic: string;
  /** When its last turn began, as the server writes it; empty where that is not known. */
  date: string;
  transcript: Transcript;
}

/** What an export is written with. */
export interface ITools {
  trans: TranslationBundle;
  /** Return HTML with nothing in it that runs or fetches. */
  clean: (html: string) => string;
  now: () => Date;
}

/** How code went, in words; `ran` where some of it did. */
export function toldOf(state: CardState, trans: TranslationBundle): { text: string; ran: boolean } {
  switch (state) {
    case 'done':
      return { text: trans.__('Ran to its end'), ran: true };
    case 'failed':
      return { text: trans.__('Failed'), ran: true };
    case 'stopped':
      return { text: trans.__('Stopped'), ran: true };
    case 'lost':
      return { text: trans.__('The kernel died or was restarted'), ran: true };
    case 'denied':
      return { text: trans.__('Not run: denied'), ran: false };
    case 'aborted':
      return { text: trans.__('Not run: a cell before it failed'), ran: false };
    default:
      return { text: trans.__('Not run'), ran: false };
  }
}

/** Return Markdown of others, in which nothing fetches anything, as it may stand in a file. */
export function harmless(markdown: string): string {
  // a diagram is drawn by a library that may fetch what the diagram names: its source is shown instead
  return inert(markdown.replace(/((?:`{3,}|~{3,})[^\S\n]*)mermaid/gi, '$1text')).trim();
}

/** A date as people read it. */
export function readable(date: string | Date): string {
  const day = new Date(date);
  return Number.isNaN(day.getTime())
    ? ''
    : day.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** Return Markdown of the text as a block of code, whatever is in it. */
export function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${code.replace(/\n$/, '')}\n${fence}`;
}

/** Return Markdown of a text that says what it says: no line of it is a heading, a list or a rule. */
export function quoted(markdown: string): string {
  return markdown
    .trim()
    .split('\n')
    .map(line => (line ? `> ${line}` : '>'))
    .join('\n');
}

/** Return a text on one line without what Markdown takes for its own. */
export function inline(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replace(/[\\`*_{}[\]<>#|~$!]/g, '\\$&');
}
