/** The conversation that the panel shows: its thread, its running turn and the questions that wait for their turn. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IClient } from '../api/client';
import type { IHint, Variant } from '../api/variants';
import type { Draft } from './draft';
import type { Question } from './entry';
import { asking, RERUN, type IErrand } from './errand';
import { isTaken, isUnknown, messageOf } from './failure';
import type { IKernel, IKernels } from './kernel';
import type { Memory } from './memory';
import { Queue } from './queue';
import { Reading, type Ending, type IListener } from './reading';
import { Transcript } from './transcript';

/** What the conversation is doing. */
export type Status = 'idle' | 'loading' | 'sending' | 'answering' | 'lost' | 'stopping';

/** What a conversation works with. */
export interface IParts {
  client: IClient;
  kernels: IKernels;
  draft: Draft;
  memory: Memory;
  /** The name of the model to ask, if the user may choose. */
  model: () => string | undefined;
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** One thread at a time; a turn that is left goes on in the server. */
export class Conversation {
  constructor(private readonly _parts: IParts) {}

  get threadId(): string | null {
    return this._threadId;
  }

  get transcript(): Transcript {
    return this._transcript;
  }

  get status(): Status {
    return this._status;
  }

  get busy(): boolean {
    return this._status !== 'idle';
  }

  /** Why the last question could not be sent or the thread not be read. */
  get alert(): string {
    return this._alert;
  }

  /** Questions that are sent when the turn has ended. */
  get queue(): readonly string[] {
    return this._queue.texts;
  }

  /** The kernel of the running turn, else the one that a question would run in. */
  get kernel(): IKernel {
    return (this.busy && this._turnKernel) || this._parts.kernels.current;
  }

  /** Whether there is code that could run again, and nothing runs. */
  get canRerun(): boolean {
    return !this.busy && !!this._threadId && this._transcript.ranCode;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Send a question, or queue it behind the running turn. */
  async send(text: string): Promise<void> {
    if (!text.trim()) {
      return;
    }
    if (!this.busy) {
      return this._turn(asking(text, this._parts.model()));
    }
    this._queue.add(text);
    this._changed.emit();
  }

  /** Run the code of the chat again, in the kernel that a question would run in. */
  rerun(): Promise<void> {
    return this.canRerun ? this._turn(RERUN) : Promise.resolve();
  }

  /** Take a question out of the queue. */
  unqueue(index: number): void {
    this._queue.remove(index);
    this._changed.emit();
  }

  /** Stop the running turn; its stream then ends by itself. */
  async stop(): Promise<void> {
    if (!this.busy || this._status === 'loading' || this._stopped) {
      return;
    }
    const lost = this._status === 'lost';
    const sending = this._status === 'sending';
    this._stopped = true;
    this._move('stopping');
    if (sending || !this._threadId) {
      return; // the server is told when the stream has begun
    }
    try {
      await this._parts.client.stop(this._threadId);
    } catch (error) {
      if (lost) {
        this._leave();
        this._transcript.close(true);
      }
      this._stopped = false;
      this._alert = messageOf(error);
      this._move(lost ? 'idle' : 'answering');
    }
  }

  /** Begin a new thread. */
  newChat(): void {
    this._leave();
    this._threadId = null;
    this._transcript = new Transcript();
    this._parts.memory.place = null;
    this._move('idle');
  }

  /** Show the thread that this window showed before it was reloaded. */
  async restore(): Promise<void> {
    const place = this._parts.memory.place;
    if (place && !this._threadId && !this.busy) {
      this._turnKernel = place.kernel;
      await this._open(place.thread, place.running, true);
    }
  }

  /** Show a thread and pick its running turn up. */
  async open(threadId: string): Promise<void> {
    this._turnKernel = null;
    await this._open(threadId, false, false);
  }

  private async _open(threadId: string, ran: boolean, quiet: boolean): Promise<void> {
    const signal = this._leave();
    this._threadId = threadId;
    this._transcript = new Transcript();
    this._move('loading');
    try {
      const absent = await this._load(threadId, signal).catch((error: unknown) => {
        if (!ran || signal.aborted || !isUnknown(error)) {
          throw error;
        }
        return error; // its first turn may run and not be stored yet
      });
      this._remember(ran);
      const missed = await this._pickUp(threadId, signal);
      if (missed === 'none' && absent) {
        throw absent;
      }
      if (missed === 'over') {
        await this._load(threadId, signal);
      }
      if (missed) {
        this._remember(false);
        await this._settle(false);
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (isUnknown(error)) {
        this.newChat();
      }
      this._transcript.close(false);
      this._alert = isUnknown(error) && quiet ? '' : messageOf(error);
      await this._settle(true);
    }
  }

  private async _load(threadId: string, signal: AbortSignal): Promise<void> {
    const items = await this._parts.client.thread(threadId);
    signal.throwIfAborted();
    const stored = Transcript.of(items);
    if (stored.questions >= this._transcript.questions) {
      this._transcript = stored; // unless the server could not save what is shown
    }
    this._changed.emit();
  }

  /** Follow the thread's running turn from its beginning; tell if none runs, and if one was over just now. */
  private async _pickUp(threadId: string, signal: AbortSignal): Promise<'none' | 'over' | null> {
    let first: IHint | null = null;
    const opened = (hint: IHint): void => {
      if (!first && hint.running) {
        this._remember(true);
        this._transcript.ask(hint.question ?? '', hint.model ?? '');
      }
      first ??= hint;
      if (first.running) {
        this._transcript.catchUp();
        this._move('answering');
      }
    };
    const listener = { ...this._listener, opened };
    const reading = new Reading(this._parts.client, listener, signal, this._parts.wait);
    const end = await reading.run(threadId, '', this._parts.client.follow(threadId, 0, signal));
    const { running, question } = first ?? ({} as IHint);
    if (!running) {
      return question ? 'over' : 'none';
    }
    await this._end(end, signal);
    return null;
  }

  private async _turn(errand: IErrand): Promise<void> {
    const { client, kernels } = this._parts;
    const signal = this._leave();
    const kernel = (this._turnKernel = kernels.current);
    const question = this._transcript.ask(errand.text, errand.model);
    this._move('sending');
    const reading = new Reading(client, this._listener, signal, this._parts.wait);
    let end: Ending;
    try {
      this._threadId ??= await client.newThread();
      signal.throwIfAborted();
      this._remember(true);
      const stream = errand.begin(client, this._threadId, kernel.id, signal);
      end = await reading.run(this._threadId, errand.text, stream);
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (reading.opened) {
        await this._end('gone', signal, true);
        this._alert = messageOf(error);
        this._changed.emit();
      } else {
        await this._unsend(question, error);
      }
      return;
    }
    await this._end(end, signal);
  }

  /** The question never reached its turn: give back what was typed, and show what runs instead of it. */
  private async _unsend(question: Question, error: unknown): Promise<void> {
    this._transcript.unask(question);
    this._queue.giveBack(this._parts.draft, ...(question.typed ? [question.text] : []));
    this._remember(false);
    this._status = 'idle';
    const shown = isTaken(error) && this._threadId && this.open(this._threadId);
    this._alert = messageOf(error);
    this._changed.emit();
    await shown;
  }

  private async _end(end: Ending, signal: AbortSignal, failed = false): Promise<void> {
    const reason = end === 'gone' ? '' : end.reason;
    const stopped = this._stopped || reason.startsWith('Stopped');
    this._transcript.close(stopped);
    this._stopped = false;
    if (end === 'gone' && this._threadId) {
      this._move('loading');
      await this._load(this._threadId, signal).catch((error: unknown) => (this._alert = messageOf(error)));
      if (signal.aborted) {
        return;
      }
    }
    this._remember(false);
    await this._settle(stopped || failed || reason.startsWith('Error'));
  }

  /** Nothing runs any more: send what waits, or give it back. */
  private async _settle(giveBack: boolean): Promise<void> {
    if (giveBack) {
      this._queue.giveBack(this._parts.draft);
    }
    const next = this._queue.next();
    this._move('idle');
    if (next !== undefined) {
      await this._turn(asking(next, this._parts.model()));
    }
  }

  private _opened(hint: IHint): void {
    this._threadId = hint.thread_id ?? this._threadId;
    if (this._status === 'lost') {
      this._transcript.catchUp();
    }
    if (this._stopped && this._threadId) {
      this._parts.client.stop(this._threadId).catch((error: unknown) => {
        this._stopped = false;
        this._alert = messageOf(error);
        this._move('answering');
      });
    } else {
      this._move('answering');
    }
  }

  private _take(line: Variant): void {
    if (line.variant === 'ServerHint' && line.content.run?.kernel_id && !this._turnKernel) {
      const id = line.content.run.kernel_id;
      this._turnKernel = this._parts.kernels.find(id) ?? { id, notebook: null, name: null };
      this._changed.emit();
    }
    if (this._status === 'lost') {
      this._move('answering');
    }
    this._transcript.add(line);
  }

  /** Stop reading what is being read; return the signal of what comes next. */
  private _leave(): AbortSignal {
    this._abort.abort();
    this._abort = new AbortController();
    this._alert = '';
    this._stopped = false;
    if (this._status !== 'idle') {
      this._queue.giveBack(this._parts.draft);
    }
    return this._abort.signal;
  }

  private _remember(running: boolean): void {
    if (this._threadId) {
      this._parts.memory.place = { thread: this._threadId, running, kernel: this._turnKernel };
    }
  }

  private _move(status: Status): void {
    this._status = status;
    this._changed.emit();
  }

  private readonly _listener: IListener = {
    opened: hint => this._opened(hint),
    line: line => this._take(line),
    lost: () => this._move('lost')
  };
  private _threadId: string | null = null;
  private _transcript = new Transcript();
  private _status: Status = 'idle';
  private _alert = '';
  private _queue = new Queue();
  private _turnKernel: IKernel | null = null;
  private _stopped = false;
  private _abort = new AbortController();
  private _changed = new Signal<this, void>(this);
}
