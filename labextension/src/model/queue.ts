/** The questions that wait for the running turn to end. */

import type { Draft, IDraft } from './draft';

/** First come, first sent; or given back to the box. */
export class Queue {
  get drafts(): readonly IDraft[] {
    return this._drafts;
  }

  add(draft: IDraft): void {
    this._drafts = [...this._drafts, draft];
  }

  remove(index: number): void {
    this._drafts = this._drafts.filter((_, at) => at !== index);
  }

  /** Take the question that came first. */
  next(): IDraft | undefined {
    const [first, ...rest] = this._drafts;
    this._drafts = rest;
    return first;
  }

  /** Put all that waits back into the box, behind these. */
  giveBack(draft: Draft, ...before: IDraft[]): void {
    draft.giveBack(...before, ...this._drafts);
    this._drafts = [];
  }

  private _drafts: readonly IDraft[] = [];
}
