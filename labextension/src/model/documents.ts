/** The documents that questions are looked up in, and the work on the user's own. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IClient } from '../api/client';
import type { IProgress, IResources } from '../api/documents';
import { messageOf } from './failure';

type Routes = Pick<IClient, 'resources' | 'indexFolder' | 'removeResource'>;

/** Lists, indexes one folder at a time, and forgets. */
export class Documents {
  constructor(private readonly _client: Routes) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What there is, null until it is known. */
  get known(): IResources | null {
    return this._known;
  }

  /** How far the folder is that is being indexed, null while none is. */
  get progress(): IProgress | null {
    return this._progress;
  }

  get working(): boolean {
    return this._working !== null;
  }

  /** What went wrong last. */
  get error(): string {
    return this._error;
  }

  /** What was done last. */
  get last(): IProgress | null {
    return this._last;
  }

  async load(): Promise<void> {
    await this._try(async () => {
      this._known = await this._client.resources();
    });
  }

  /** Index a folder, or what changed in it. */
  async index(folder: string): Promise<void> {
    if (this._working || !folder.trim()) {
      return;
    }
    const working = (this._working = new AbortController());
    this._last = null;
    await this._try(async () => {
      for await (const step of this._client.indexFolder(folder.trim(), working.signal)) {
        this._progress = step;
        this._changed.emit();
      }
      this._last = this._progress;
      this._error = this._progress?.problem ?? '';
    }, working.signal);
    this._working = null;
    this._progress = null;
    const { _error } = this;
    await this.load();
    this._error ||= _error;
    this._changed.emit();
  }

  /** Give up; what is done stays. */
  cancel(): void {
    this._working?.abort();
  }

  async remove(name: string): Promise<void> {
    await this._try(() => this._client.removeResource(name));
    if (!this._error) {
      await this.load();
    }
  }

  private async _try(work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    this._error = '';
    this._changed.emit();
    try {
      await work();
    } catch (error) {
      this._error = signal?.aborted ? '' : messageOf(error);
    }
    this._changed.emit();
  }

  private _known: IResources | null = null;
  private _progress: IProgress | null = null;
  private _last: IProgress | null = null;
  private _working: AbortController | null = null;
  private _error = '';
  private _changed = new Signal<this, void>(this);
}
