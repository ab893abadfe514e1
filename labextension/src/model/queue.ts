/** The questions that wait for the running turn to end. */

import type { Draft } from './draft';

/** First come, first sent; or given back to the box. */
export class Queue {
  get texts(): readonly string[] {
    return this._texts;
  }

  add(text: string): void {
    this._texts = [...this._texts, text];
  }

  remove(index: number): void {
    this._texts = this._texts.filter((_, at) => at !== index);
  }

  /** Take the question that came first. */
  next(): string | undefined {
    const [first, ...rest] = this._texts;
    this._texts = rest;
    return first;
  }

  /** Put all that waits back into the box, behind these texts. */
  giveBack(draft: Draft, ...before: string[]): void {
    draft.giveBack(...before, ...this._texts);
    this._texts = [];
  }

  private _texts: string[] = [];
}
