/** What the user thinks of one item of a thread. */

import type { Feedback } from '../api/client';
import { Base } from './base';
import { messageOf } from './failure';

/** A thumb up, a thumb down, or none. */
export type Opinion = 'up' | 'down' | null;

/** Shown as given at once, and taken back when the server refuses. */
export class Rating extends Base {
  error = '';

  constructor(
    /** The item's number among the thread's answers and code. */
    readonly place: number,
    given?: string
  ) {
    super();
    this._opinion = given === 'up' || given === 'down' ? given : null;
  }

  get opinion(): Opinion {
    return this._opinion;
  }

  /** Give an opinion; the one that is given already is taken back. */
  async give(wanted: 'up' | 'down', send: (feedback: Feedback) => Promise<void>): Promise<void> {
    if (this._sending) {
      return;
    }
    const before = this._opinion;
    this._opinion = wanted === before ? null : wanted;
    this._sending = true;
    this.error = '';
    this.tell();
    try {
      await send(this._opinion ?? 'remove');
    } catch (error) {
      this._opinion = before;
      this.error = messageOf(error);
    }
    this._sending = false;
    this.tell();
  }

  private _opinion: Opinion;
  private _sending = false;
}
