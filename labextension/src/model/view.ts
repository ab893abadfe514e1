/** Which half of the panel is shown: the conversation or the list of chats. */

import { Signal, type ISignal } from '@lumino/signaling';

/** Commands change it as well as the panel's own buttons. */
export class View {
  get listing(): boolean {
    return this._listing;
  }

  /** Show the list of chats, or the conversation. */
  set listing(listing: boolean) {
    if (listing !== this._listing) {
      this._listing = listing;
      this._changed.emit();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private _listing = false;
  private _changed = new Signal<this, void>(this);
}
