/** The questions of the chat, brought back into the box one after the other. */

import type { Entry } from './entry';

/** Goes back and forth through what the user typed, as long as the text is left as it was brought back. */
export class Recall {
  /** The question before the one in the box; null where there is none or the text is the user's own. */
  older(text: string, entries: readonly Entry[]): string | null {
    return this._go(text, entries, -1);
  }

  /** The question after it, "" behind the last one. */
  newer(text: string, entries: readonly Entry[]): string | null {
    return text ? this._go(text, entries, 1) : null;
  }

  private _go(text: string, entries: readonly Entry[], step: number): string | null {
    const typed = typedIn(entries);
    if (text && text !== this._shown) {
      return null;
    }
    const from = text ? this._place : typed.length;
    const place = from + step;
    if (place < 0 || place > typed.length) {
      return null;
    }
    this._place = place;
    this._shown = typed[place] ?? '';
    return this._shown;
  }

  private _place = 0;
  private _shown = '';
}

function typedIn(entries: readonly Entry[]): string[] {
  return entries.flatMap(entry => (entry.kind === 'question' && entry.typed ? [entry.text] : []));
}
