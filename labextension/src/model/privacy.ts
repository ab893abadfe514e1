/** The half of the panel on privacy: the user's choices, what is sent, their data. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IClient } from '../api/client';
import type { Conversation } from './conversation';
import { messageOf } from './failure';
import type { Notice } from './notice';
import type { Bounds, IChoices } from './policy';
import type { View } from './view';

/** The word that must be typed before everything is deleted; the server asks for it too. */
export const WORD = 'delete';

interface IOptions {
  client: Pick<IClient, 'deleteAll' | 'diagnostics'>;
  bounds: Bounds;
  notice: Notice;
  choices: IChoices;
  conversation: Conversation;
  view: View;
  /** Everything was deleted. */
  emptied: () => void;
}

/** Opens and closes; does what its buttons say. */
export class Privacy {
  constructor(private readonly _options: IOptions) {
    const { conversation, view } = _options;
    view.changed.connect(() => this._yield());
    conversation.changed.connect(() => {
      if (conversation.status === 'sending') {
        this._yield();
      }
    });
  }

  get bounds(): Bounds {
    return this._options.bounds;
  }

  get notice(): Notice {
    return this._options.notice;
  }

  get choices(): IChoices {
    return this._options.choices;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get open(): boolean {
    return this._open;
  }

  set open(open: boolean) {
    if (open !== this._open) {
      this._open = open;
      this._told = '';
      this._error = '';
      this._changed.emit();
    }
  }

  get working(): boolean {
    return this._working;
  }

  /** What was done last. */
  get told(): string {
    return this._told;
  }

  get error(): string {
    return this._error;
  }

  /** Delete all chats and files of the user's. */
  async deleteAll(word: string): Promise<void> {
    if (word.trim() === WORD && !this._working) {
      await this._do(async () => {
        const told = await this._options.client.deleteAll(WORD);
        this._options.emptied();
        return told;
      });
    }
  }

  /** Hand the bundle for who helps to `save`. */
  async diagnose(save: (text: string) => void): Promise<void> {
    await this._do(async () => {
      save(JSON.stringify(await this._options.client.diagnostics(), null, 2));
      return '';
    });
  }

  /** Something else is to be seen. */
  private _yield(): void {
    this.open = false;
  }

  private async _do(work: () => Promise<string>): Promise<void> {
    this._working = true;
    this._told = '';
    this._error = '';
    this._changed.emit();
    try {
      this._told = await work();
    } catch (error) {
      this._error = messageOf(error);
    }
    this._working = false;
    this._changed.emit();
  }

  private _open = false;
  private _working = false;
  private _told = '';
  private _error = '';
  private _changed = new Signal<this, void>(this);
}
