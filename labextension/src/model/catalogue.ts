/** The models that can be asked, and which of them is. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IClient } from '../api/client';
import type { IModel } from '../api/variants';
import type { ISite } from '../api/wishes';
import { messageOf } from './failure';
import type { Memory } from './memory';

/** Loads the catalogue and remembers the user's choice. */
export class Catalogue {
  constructor(
    private readonly _client: IClient,
    private readonly _memory: Memory
  ) {}

  get models(): readonly IModel[] {
    return this._models;
  }

  /** Markdown that says how to add a model; empty unless there is none. */
  get advice(): string {
    return this._advice;
  }

  /** What the site decided; null while that is not known. */
  get site(): ISite | null {
    return this._site;
  }

  /** Why the catalogue could not be read. */
  get error(): string {
    return this._error;
  }

  get loaded(): boolean {
    return this._loaded;
  }

  /** The model that a question is sent to; null leaves it to the server. */
  get chosen(): IModel | null {
    return this.named(this._chosen) ?? this.named(this._default) ?? this._models[0] ?? null;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  named(name: string | null): IModel | null {
    return this._models.find(model => model.name === name) ?? null;
  }

  choose(name: string): void {
    this._chosen = name;
    this._memory.model = name;
    this._changed.emit();
  }

  async load(): Promise<void> {
    try {
      const settings = await this._client.settings();
      this._models = settings.models;
      this._default = settings.default;
      this._advice = settings.advice;
      this._site = settings.site ?? null;
      this._error = '';
      this._chosen ??= this._memory.model;
      this._loaded = true;
    } catch (error) {
      this._error = messageOf(error);
    }
    this._changed.emit();
  }

  private _models: IModel[] = [];
  private _default: string | null = null;
  private _advice = '';
  private _site: ISite | null = null;
  private _error = '';
  private _loaded = false;
  private _chosen: string | null = null;
  private _changed = new Signal<this, void>(this);
}
