/** Where a conversation stands: its thread, what of it is shown, what goes on, and what went wrong. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IKernel } from './kernel';
import type { Memory } from './memory';
import { Transcript } from './transcript';

/** What the conversation is doing. */
export type Status = 'idle' | 'loading' | 'sending' | 'answering' | 'lost' | 'stopping';

/** Changed by the conversation alone; what was being read for it is left when something else is to be shown. */
export class Scene {
  threadId: string | null = null;
  transcript = new Transcript();
  /** The thread's topic as it was when it was opened. */
  topic = '';
  /** Why the last question could not be sent or the thread not be read. */
  alert = '';
  /** The kernel of the running turn. */
  turnKernel: IKernel | null = null;
  /** The user wants the running turn to end. */
  stopped = false;

  constructor(private readonly _memory: Memory) {}

  get status(): Status {
    return this._status;
  }

  get busy(): boolean {
    return this._status !== 'idle';
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Stop reading what is being read; return the signal of what comes next. */
  leave(): AbortSignal {
    this._abort.abort();
    this._abort = new AbortController();
    this.alert = '';
    this.stopped = false;
    return this._abort.signal;
  }

  /** Show nothing; the next question begins a thread. */
  clear(): void {
    this.threadId = null;
    this.topic = '';
    this.transcript = new Transcript();
    this._memory.place = null;
    this.move('idle');
  }

  /** Have a reload find the thread again, and its turn if one runs. */
  remember(running: boolean): void {
    if (this.threadId) {
      this._memory.place = { thread: this.threadId, running, kernel: this.turnKernel };
    }
  }

  move(status: Status): void {
    this._status = status;
    this.tell();
  }

  tell(): void {
    this._changed.emit();
  }

  private _status: Status = 'idle';
  private _abort = new AbortController();
  private _changed = new Signal<this, void>(this);
}
