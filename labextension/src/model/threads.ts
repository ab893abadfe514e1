/** The list of the user's threads, all or those in which something is found, a page at a time. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IClient, IThreadPage } from '../api/client';
import type { IThread } from '../api/variants';
import { messageOf } from './failure';

const PAGE = 20;

/** The most that the server gives at once. */
const MOST = 100;

/** How long the user has to pause before what was typed is looked for, in milliseconds. */
export const PAUSE = 300;

/** What may stand before a search, each for another part of the chats. */
export const PREFIXES = ['user:', 'ai:', 'code:', 'output:'] as const;

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

  /** What stands in the box. */
  get query(): string {
    return this._query;
  }

  /** What the threads of the list were found by; empty when it is the list of all. */
  get found(): string {
    return this._found;
  }

  /** Whether more can be shown. */
  get partial(): boolean {
    return this._threads.length < this._total;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The topic of a thread, as far as it is known. */
  topicOf(threadId: string | null): string {
    return (threadId && this._topics.get(threadId)) || '';
  }

  find(threadId: string): IThread | null {
    return this._threads.find(one => one.thread_id === threadId) ?? null;
  }

  /** Look for something once the user pauses; `now` does not wait. */
  search(query: string, now = false): void {
    this._query = query;
    window.clearTimeout(this._timer);
    if (now || wantedOf(query) !== this._found) {
      this._timer = window.setTimeout(() => void this._load(0), now ? 0 : PAUSE);
    }
    this._changed.emit();
  }

  /** Read the list again from its beginning. */
  reload(): Promise<void> {
    return this._load(0);
  }

  /** Read again what is shown, as far as one request goes, so that topics, dates and running marks are of now. */
  async refresh(): Promise<void> {
    if (this._loading) {
      return;
    }
    const turn = this._turn;
    const pages = Math.max(1, Math.ceil(this._threads.length / PAGE));
    const count = Math.min(MOST, pages * PAGE);
    try {
      const page = await this._read(0, count);
      if (turn === this._turn) {
        this._show(page, this._threads.slice(count));
        this._error = '';
      }
    } catch {
      // the next look may find the server again; what is shown stays
    }
    this._changed.emit();
  }

  async more(): Promise<void> {
    if (!this._loading && this.partial) {
      const before = this._threads.length;
      await this._load(Math.floor(before / PAGE));
      if (this._threads.length === before && this.partial && !this._error) {
        await this.refresh(); // newer threads have moved the pages
      }
    }
  }

  /** Give a thread a topic; rejects with the server's reason. */
  async rename(threadId: string, topic: string): Promise<void> {
    const folded = topic.split(/\s+/).filter(Boolean).join(' ');
    await this._client.rename(threadId, folded);
    this._topics.set(threadId, folded);
    this._threads = this._threads.map(one => (one.thread_id === threadId ? { ...one, topic: folded } : one));
    this._changed.emit();
  }

  /** Delete a thread for good; rejects with the server's reason. */
  async remove(threadId: string): Promise<void> {
    await this._client.remove(threadId);
    this._turn++; // a page on its way would bring it back
    this._loading = false;
    this._total -= this.find(threadId) ? 1 : 0;
    this._threads = this._threads.filter(one => one.thread_id !== threadId);
    this._changed.emit();
    await this.refresh();
  }

  private async _load(page: number): Promise<void> {
    const turn = ++this._turn;
    this._loading = true;
    this._changed.emit();
    try {
      const found = await this._read(page, PAGE);
      if (turn !== this._turn) {
        return;
      }
      if (page === 0) {
        this._found = wantedOf(this._query);
        this._show(found, []);
      } else {
        this._show({ ...found, threads: [...this._threads, ...found.threads] }, []);
      }
      this._error = '';
    } catch (error) {
      this._error = turn === this._turn ? messageOf(error) : this._error;
    }
    if (turn === this._turn) {
      this._loading = false;
      this._changed.emit();
    }
  }

  private _read(page: number, count: number): Promise<IThreadPage> {
    const wanted = wantedOf(this._query);
    return wanted ? this._client.search(wanted, page, count) : this._client.threads(page, count);
  }

  /** Take threads over, each once, and those that follow them. */
  private _show(page: IThreadPage, rest: readonly IThread[]): void {
    const threads = new Map([...page.threads, ...rest].map(one => [one.thread_id, one]));
    this._threads = [...threads.values()];
    this._total = page.total;
    page.threads.forEach(one => this._topics.set(one.thread_id, one.topic));
  }

  private _threads: readonly IThread[] = [];
  private _topics = new Map<string, string>();
  private _total = 0;
  private _query = '';
  private _found = '';
  private _timer = 0;
  private _turn = 0;
  private _loading = false;
  private _error = '';
  private _changed = new Signal<this, void>(this);
}

/** What a query asks for; a prefix alone asks for nothing yet. */
function wantedOf(query: string): string {
  const text = query.trim();
  return PREFIXES.some(prefix => prefix === text.toLowerCase()) ? '' : text.slice(0, 200);
}
