/** What happens while the user looks elsewhere: a long answer ends, code waits for their decision. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { Conversation } from './conversation';
import type { Transcript } from './transcript';

/** What there is to tell. */
export type News = 'answered' | 'waits';

/** Answers that took less are not told of. */
const LONG = 15_000;

/** Watches the conversation. */
export class Outlook {
  constructor(
    private readonly _conversation: Conversation,
    private readonly _long = LONG,
    private readonly _now: () => number = () => performance.now()
  ) {
    _conversation.changed.connect(this._look);
    this._look();
  }

  /** Told once each time, whoever looks. */
  get news(): ISignal<this, News> {
    return this._news;
  }

  private readonly _look = (): void => {
    const { busy, status, transcript } = this._conversation;
    if (transcript !== this._transcript) {
      this._transcript?.waits.disconnect(this._ask);
      this._transcript = transcript;
      transcript.waits.connect(this._ask);
      this._began = null; // another chat is shown
    }
    if (busy && status !== 'loading') {
      this._began ??= this._now();
    } else if (!busy && this._began !== null) {
      const took = this._now() - this._began;
      this._began = null;
      if (took >= this._long) {
        this._news.emit('answered');
      }
    }
  };

  private readonly _ask = (): void => {
    if (this._transcript?.pending) {
      this._news.emit('waits');
    }
  };

  private _transcript: Transcript | null = null;
  private _began: number | null = null;
  private _news = new Signal<this, News>(this);
}
