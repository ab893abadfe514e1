/** What the user is about to do to one of the chats: give it a name, or delete it. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { Conversation } from './conversation';
import { messageOf } from './failure';
import type { ThreadList } from './threads';

/** A chat, and what is asked about it. */
export interface IPending {
  thread: string;
  what: 'rename' | 'delete';
}

/** At most one thing is asked at a time, in the place where the chat is shown. */
export class Chats {
  constructor(
    private readonly _threads: ThreadList,
    private readonly _conversation: Conversation
  ) {}

  get pending(): IPending | null {
    return this._pending;
  }

  /** The server was asked and has not answered. */
  get busy(): boolean {
    return this._busy;
  }

  /** Why the server would not. */
  get error(): string {
    return this._error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is asked about a chat. */
  asked(threadId: string | null): IPending['what'] | null {
    return this._pending && this._pending.thread === threadId ? this._pending.what : null;
  }

  begin(what: IPending['what'], thread: string): void {
    if (!this._busy) {
      this._set({ thread, what });
    }
  }

  cancel(): void {
    if (!this._busy) {
      this._set(null);
    }
  }

  /** Give the chat this name; an empty one leaves it as it is. */
  async rename(topic: string): Promise<void> {
    const thread = this._pending?.what === 'rename' ? this._pending.thread : null;
    if (!thread || !topic.trim() || topic.trim() === this._threads.topicOf(thread)) {
      this.cancel();
      return;
    }
    await this._do(() => this._threads.rename(thread, topic));
  }

  /** Delete the chat. */
  async remove(): Promise<void> {
    const thread = this._pending?.what === 'delete' ? this._pending.thread : null;
    if (thread) {
      await this._do(async () => {
        await this._threads.remove(thread);
        if (this._conversation.threadId === thread) {
          this._conversation.newChat();
        }
      });
    }
  }

  private async _do(what: () => Promise<void>): Promise<void> {
    if (this._busy) {
      return;
    }
    this._busy = true;
    this._error = '';
    this._changed.emit();
    try {
      await what();
      this._pending = null;
    } catch (error) {
      this._error = messageOf(error);
    }
    this._busy = false;
    this._changed.emit();
  }

  private _set(pending: IPending | null): void {
    this._pending = pending;
    this._error = '';
    this._changed.emit();
  }

  private _pending: IPending | null = null;
  private _busy = false;
  private _error = '';
  private _changed = new Signal<this, void>(this);
}
