/** What all parts of a conversation share: a key for lists, and a signal. */

import { Signal, type ISignal } from '@lumino/signaling';

let serial = 0;

/** Tells when it changes. */
export abstract class Base {
  readonly key = `e${serial++}`;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  protected tell(): void {
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
}
