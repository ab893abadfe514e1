/** The notice of what leaves the machine and to whom, before the first question to a model service. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IModel } from '../api/variants';
import type { Catalogue } from './catalogue';
import type { IChoices } from './policy';

/** Where questions go: nowhere, to a service on this machine, or elsewhere. */
export type Place = 'inside' | 'here' | 'elsewhere' | 'unknown';

/** Tells where the questions go, and holds them until the user has read it. */
export class Notice {
  constructor(
    private readonly _catalogue: Catalogue,
    private readonly _choices: IChoices
  ) {
    _catalogue.changed.connect(this._look);
    _choices.changed.connect(this._look);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The model service that is asked, as the catalogue has it. */
  get host(): string {
    return this._catalogue.chosen?.host ?? '';
  }

  get place(): Place {
    return placeOf(this._catalogue.chosen);
  }

  /** The user has not read yet what leaves for where. */
  get needed(): boolean {
    return this.place === 'elsewhere' && !this._choices.acknowledged.includes(this.host);
  }

  /** A question waits for it. */
  get pressing(): boolean {
    return this._pressing && this.needed;
  }

  /** Whether a question may be sent now; from the first that may not, the notice is pressing. */
  readonly lets = (): boolean => {
    if (this.needed) {
      this._pressing = true;
      this._changed.emit();
    }
    return !this.needed;
  };

  /** The user has read it. */
  async acknowledge(): Promise<void> {
    await this._choices.acknowledge(this.host);
    this._pressing = false;
    this._changed.emit();
  }

  private readonly _look = (): void => {
    this._pressing &&= this.needed;
    this._changed.emit();
  };

  private _pressing = false;
  private _changed = new Signal<this, void>(this);
}

/** Where what is sent to a model goes. */
export function placeOf(model: IModel | null): Place {
  if (!model || model.local === undefined) {
    return 'unknown';
  }
  if (!model.local) {
    return 'elsewhere';
  }
  return model.host ? 'here' : 'inside';
}
