/** The list of the user's threads, a page at a time. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IClient } from '../api/client';
import type { IThread } from '../api/variants';
import { messageOf } from './failure';

const PAGE = 20;

/** Newest first; `more` adds the next page. */
export class ThreadList {
  constructor(private readonly _client: IClient) {}

  get threads(): readonly IThread[] {
    return this._threads;
  }

  get total(): number {
    return this._total;
  }

  get loading(): boolean {
    return this._loading;
  }

  get error(): string {
    return this._error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Read the list again from its beginning. */
  reload(): Promise<void> {
    return this._load(0);
  }

  async more(): Promise<void> {
    if (!this._loading && this._threads.length < this._total) {
      await this._load(this._page + 1);
    }
  }

  private async _load(page: number): Promise<void> {
    const turn = ++this._turn;
    this._loading = true;
    this._changed.emit();
    try {
      const found = await this._client.threads(page, PAGE);
      if (turn !== this._turn) {
        return;
      }
      const before = page === 0 ? [] : this._threads;
      const known = new Set(before.map(thread => thread.thread_id));
      this._threads = [...before, ...found.threads.filter(one => !known.has(one.thread_id))];
      this._total = found.total;
      this._page = page;
      this._error = '';
    } catch (error) {
      this._error = messageOf(error);
    }
    if (turn === this._turn) {
      this._loading = false;
      this._changed.emit();
    }
  }

  private _threads: IThread[] = [];
  private _total = 0;
  private _page = 0;
  private _turn = 0;
  private _loading = false;
  private _error = '';
  private _changed = new Signal<this, void>(this);
}
