/** The conversation that the panel shows: its thread, its running turn and the questions that wait for their turn. */

import type { ISignal } from '@lumino/signaling';

import type { IClient } from '../api/client';
import type { IRequestHint } from '../api/requests';
import type { IHint, Variant } from '../api/variants';
import type { IChip } from './chips';
import type { Draft, IDraft } from './draft';
import type { Question } from './entry';
import { asking, RERUN, type IErrand } from './errand';
import { isTaken, isUnknown, messageOf } from './failure';
import type { IKernel, IKernels } from './kernel';
import type { Memory } from './memory';
import { Queue } from './queue';
import { Reading, type Ending, type IListener } from './reading';
import { Scene, type Status } from './scene';
import { Transcript } from './transcript';

export type { Status } from './scene';

/** What a conversation works with. */
export interface IParts {
  client: IClient;
  kernels: IKernels;
  draft: Draft;
  memory: Memory;
  /** Does what is asked of the notebook of this page. */
  requests?: { take(threadId: string, hint: IRequestHint): void };
  /** Whether questions may be sent now. */
  lets?: () => boolean;
  /** The name of the model to ask, if the user may choose. */
  model: () => string | undefined;
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** One thread at a time; a turn that is left goes on in the server. */
export class Conversation {
  constructor(private readonly _parts: IParts) {
    this._scene = new Scene(_parts.memory);
  }

  get threadId(): string | null {
    return this._scene.threadId;
  }

  get transcript(): Transcript {
    return this._scene.transcript;
  }

  /** The thread's topic as it was when it was opened, empty for a new one. */
  get topic(): string {
    return this._scene.topic;
  }

  get status(): Status {
    return this._scene.status;
  }

  get busy(): boolean {
    return this._scene.busy;
  }

  /** Why the last question could not be sent or the thread not be read. */
  get alert(): string {
    return this._scene.alert;
  }

  /** Questions that are sent when the turn has ended. */
  get queue(): readonly IDraft[] {
    return this._queue.drafts;
  }

  /** The kernel of the running turn, else the one that a question would run in. */
  get kernel(): IKernel {
    return (this.busy && this._scene.turnKernel) || this._parts.kernels.current;
  }

  /** Whether there is code that could run again, and nothing runs. */
  get canRerun(): boolean {
    return !this.busy && !!this._scene.threadId && this._scene.transcript.ranCode;
  }

  get changed(): ISignal<unknown, void> {
    return this._scene.changed;
  }

  /** Send a question and what goes with it, or queue it behind the running turn. */
  async send(text: string, chips: readonly IChip[] = []): Promise<void> {
    if (!text.trim()) {
      return;
    }
    if (this._parts.lets && !this._parts.lets()) {
      this._parts.draft.giveBack({ text, chips });
      return;
    }
    if (!this.busy) {
      return this._turn(asking(text, this._parts.model(), chips));
    }
    this._queue.add({ text, chips });
    this._scene.tell();
  }

  /** Run the code of the chat again, in the kernel that a question would run in. */
  rerun(): Promise<void> {
    return this.canRerun ? this._turn(RERUN) : Promise.resolve();
  }

  /** Take a question out of the queue. */
  unqueue(index: number): void {
    this._queue.remove(index);
    this._scene.tell();
  }

  /** Stop the running turn; its stream then ends by itself. */
  async stop(): Promise<void> {
    if (!this.busy || this._scene.status === 'loading' || this._scene.stopped) {
      return;
    }
    const lost = this._scene.status === 'lost';
    const sending = this._scene.status === 'sending';
    this._scene.stopped = true;
    this._scene.move('stopping');
    if (sending || !this._scene.threadId) {
      return; // the server is told when the stream has begun
    }
    try {
      await this._parts.client.stop(this._scene.threadId);
    } catch (error) {
      if (lost) {
        this._leave();
        this._scene.transcript.close(true);
      }
      this._scene.stopped = false;
      this._scene.alert = messageOf(error);
      this._scene.move(lost ? 'idle' : 'answering');
    }
  }

  /** Begin a new thread. */
  newChat(): void {
    this._leave();
    this._scene.clear();
  }

  /** Show the thread that this window showed before it was reloaded. */
  async restore(): Promise<void> {
    const place = this._parts.memory.place;
    if (place && !this._scene.threadId && !this.busy) {
      this._scene.turnKernel = place.kernel;
      await this._open(place.thread, place.running, true);
    }
  }

  /** Show a thread and pick its running turn up. */
  async open(threadId: string): Promise<void> {
    this._scene.turnKernel = null;
    await this._open(threadId, false, false);
  }

  private async _open(threadId: string, ran: boolean, quiet: boolean): Promise<void> {
    const signal = this._leave();
    this._scene.threadId = threadId;
    this._scene.topic = '';
    this._scene.transcript = new Transcript();
    this._scene.move('loading');
    try {
      const absent = await this._load(threadId, signal).catch((error: unknown) => {
        if (!ran || signal.aborted || !isUnknown(error)) {
          throw error;
        }
        return error; // its first turn may run and not be stored yet
      });
      this._scene.remember(ran);
      const missed = await this._pickUp(threadId, signal);
      if (missed === 'none' && absent) {
        throw absent;
      }
      if (missed === 'over') {
        await this._load(threadId, signal);
      }
      if (missed) {
        this._scene.remember(false);
        await this._settle(false);
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (isUnknown(error)) {
        this.newChat();
      }
      this._scene.transcript.close(false);
      this._scene.alert = isUnknown(error) && quiet ? '' : messageOf(error);
      await this._settle(true);
    }
  }

  private async _load(threadId: string, signal: AbortSignal): Promise<void> {
    const items = await this._parts.client.thread(threadId);
    signal.throwIfAborted();
    const stored = Transcript.of(items);
    if (stored.questions >= this._scene.transcript.questions) {
      this._scene.transcript = stored; // unless the server could not save what is shown
    }
    this._scene.tell();
  }

  /** Follow the thread's running turn from its beginning; tell if none runs, and if one was over just now. */
  private async _pickUp(threadId: string, signal: AbortSignal): Promise<'none' | 'over' | null> {
    let first: IHint | null = null;
    const opened = (hint: IHint): void => {
      if (!first && hint.running) {
        this._scene.remember(true);
        this._scene.transcript.ask(hint.question ?? '', hint.model ?? '', hint.context?.chips);
      }
      first ??= hint;
      this._scene.topic = hint.topic ?? '';
      if (first.running) {
        this._scene.transcript.catchUp();
        this._scene.move('answering');
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
    const kernel = (this._scene.turnKernel = kernels.current);
    const question = this._scene.transcript.ask(errand.text, errand.model, errand.chips);
    this._scene.move('sending');
    const reading = new Reading(client, this._listener, signal, this._parts.wait);
    let end: Ending;
    try {
      this._scene.threadId ??= await client.newThread();
      signal.throwIfAborted();
      this._scene.remember(true);
      const stream = errand.begin(client, this._scene.threadId, kernel.id, signal);
      end = await reading.run(this._scene.threadId, errand.text, stream);
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (reading.opened) {
        await this._end('gone', signal, true);
        this._scene.alert = messageOf(error);
        this._scene.tell();
      } else {
        await this._unsend(question, error);
      }
      return;
    }
    await this._end(end, signal);
  }

  /** The question never reached its turn: give back what was typed, and show what runs instead of it. */
  private async _unsend(question: Question, error: unknown): Promise<void> {
    this._scene.transcript.unask(question);
    this._queue.giveBack(this._parts.draft, ...(question.typed ? [question] : []));
    this._scene.remember(false);
    this._scene.move('idle');
    const shown = isTaken(error) && this._scene.threadId && this.open(this._scene.threadId);
    this._scene.alert = messageOf(error);
    this._scene.tell();
    await shown;
  }

  private async _end(end: Ending, signal: AbortSignal, failed = false): Promise<void> {
    const reason = end === 'gone' ? '' : end.reason;
    const stopped = this._scene.stopped || reason.startsWith('Stopped');
    this._scene.transcript.close(stopped);
    this._scene.stopped = false;
    if (end === 'gone' && this._scene.threadId) {
      this._scene.move('loading');
      await this._load(this._scene.threadId, signal).catch((error: unknown) => (this._scene.alert = messageOf(error)));
      if (signal.aborted) {
        return;
      }
    }
    this._scene.remember(false);
    await this._settle(stopped || failed || reason.startsWith('Error'));
  }

  /** Nothing runs any more: send what waits, or give it back. */
  private async _settle(giveBack: boolean): Promise<void> {
    if (giveBack) {
      this._queue.giveBack(this._parts.draft);
    }
    const next = this._queue.next();
    this._scene.move('idle');
    if (next !== undefined) {
      await this._turn(asking(next.text, this._parts.model(), next.chips));
    }
  }

  private _opened(hint: IHint): void {
    this._scene.transcript.attach(hint.context?.chips);
    this._scene.threadId = hint.thread_id ?? this._scene.threadId;
    if (this._scene.status === 'lost') {
      this._scene.transcript.catchUp();
    }
    if (this._scene.stopped && this._scene.threadId) {
      this._parts.client.stop(this._scene.threadId).catch((error: unknown) => {
        this._scene.stopped = false;
        this._scene.alert = messageOf(error);
        this._scene.move('answering');
      });
    } else {
      this._scene.move('answering');
    }
  }

  private _take(line: Variant): void {
    if (line.variant === 'ServerHint' && line.content.run?.kernel_id && !this._scene.turnKernel) {
      const id = line.content.run.kernel_id;
      this._scene.turnKernel = this._parts.kernels.find(id) ?? { id, notebook: null, name: null };
      this._scene.tell();
    }
    if (this._scene.status === 'lost') {
      this._scene.move('answering');
    }
    if (line.variant === 'ServerHint' && line.content.request && this._scene.threadId) {
      this._parts.requests?.take(this._scene.threadId, line.content.request);
    }
    this._scene.transcript.add(line);
  }

  /** Stop reading what is being read; return the signal of what comes next. */
  private _leave(): AbortSignal {
    if (this.busy) {
      this._queue.giveBack(this._parts.draft);
    }
    return this._scene.leave();
  }

  private readonly _listener: IListener = {
    opened: hint => this._opened(hint),
    line: line => this._take(line),
    lost: () => this._scene.move('lost')
  };
  private readonly _scene: Scene;
  private _queue = new Queue();
}
