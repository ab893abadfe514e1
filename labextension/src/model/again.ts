/** Asking once more: the last question again, on from where it ended, or an earlier question in other words. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IClient } from '../api/client';
import { sendable } from './chips';
import type { Conversation } from './conversation';
import { lastTurn } from './ending';
import type { Question } from './entry';
import { messageOf } from './failure';

/** Works on the conversation that is shown. */
export class Again {
  constructor(
    private readonly _client: IClient,
    private readonly _conversation: Conversation
  ) {
    _conversation.changed.connect(() => this._look());
  }

  /** The question that is being put in other words. */
  get editing(): Question | null {
    return this._editing;
  }

  /** A copy of the chat is being made. */
  get forking(): boolean {
    return this._forking;
  }

  /** Why the copy could not be made. */
  get error(): string {
    return this._error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Questions can be asked in other words while nothing runs. */
  get possible(): boolean {
    const { busy, threadId, transcript } = this._conversation;
    return !busy && !!threadId && transcript.questions > 0;
  }

  /** The last question can be asked again. */
  get canRetry(): boolean {
    return this.possible && this.last !== null;
  }

  /** The last question, if the user wrote it. */
  get last(): Question | null {
    const [first] = lastTurn(this._conversation.transcript.entries);
    return first?.kind === 'question' && first.typed ? first : null;
  }

  /** There is a beginning that the model could go on from. */
  get canGoOn(): boolean {
    const { ending, entries } = this._conversation.transcript;
    const begun = lastTurn(entries).some(entry => entry.kind === 'answer' || entry.kind === 'run');
    return this.canRetry && begun && ending !== 'finished';
  }

  /** Ask the last question again, in this chat. */
  async retry(): Promise<void> {
    const { last } = this;
    if (last && this.canRetry) {
      await this._conversation.send(last.text, last.chips.map(sendable));
    }
  }

  /** Have the model go on; `words` are what it is asked. */
  async goOn(words: string): Promise<void> {
    if (this.canGoOn) {
      await this._conversation.send(words);
    }
  }

  /** Begin to put a question in other words. */
  edit(question: Question | null): void {
    if (question && (!this.possible || !question.typed)) {
      return;
    }
    this._editing = question;
    this._error = '';
    this._changed.emit();
  }

  /** Leave it as it is. */
  cancel(): void {
    if (!this._forking) {
      this.edit(null);
    }
  }

  /** Ask the edited question in a copy of all that was before it; the chat itself stays as it is. */
  async ask(text: string): Promise<void> {
    const question = this._editing;
    const thread = this._conversation.threadId;
    if (!question || !thread || !text.trim() || this._forking || !this.possible) {
      return;
    }
    this._forking = true;
    this._error = '';
    this._changed.emit();
    let copy = '';
    try {
      copy = await this._client.fork(thread, this._numberOf(question));
    } catch (error) {
      this._error = messageOf(error);
    }
    this._forking = false;
    if (!copy || this._editing !== question) {
      this._changed.emit();
      return;
    }
    this.edit(null);
    await this._conversation.open(copy);
    if (this._conversation.threadId === copy && !this._conversation.alert) {
      await this._conversation.send(text, question.chips.map(sendable));
    }
  }

  private _numberOf(question: Question): number {
    const questions = this._conversation.transcript.entries.filter(one => one.kind === 'question');
    return questions.indexOf(question);
  }

  /** What is edited may be gone from the page, or a turn has begun. */
  private _look(): void {
    const { transcript, busy } = this._conversation;
    const question = this._editing;
    if (question && !this._forking && (busy || !transcript.entries.includes(question))) {
      this.edit(null);
    }
  }

  private _editing: Question | null = null;
  private _forking = false;
  private _error = '';
  private _changed = new Signal<this, void>(this);
}
