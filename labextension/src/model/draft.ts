/** The text in the box, which commands and examples may fill as well as the user. */

import { Signal, type ISignal } from '@lumino/signaling';

/** What the user is about to ask. */
export class Draft {
  get text(): string {
    return this._text;
  }

  set text(text: string) {
    if (text !== this._text) {
      this._text = text;
      this._changed.emit();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The box should take the focus, its caret at the end. */
  get wanted(): ISignal<this, void> {
    return this._wanted;
  }

  /** Put a text into the box and the focus with it. */
  fill(text: string): void {
    this.text = text;
    this._wanted.emit();
  }

  /** Give a text back that was not sent, before what was typed since. */
  giveBack(...texts: string[]): void {
    this.text = [...texts, this._text].filter(text => text.trim()).join('\n\n');
  }

  focus(): void {
    this._wanted.emit();
  }

  private _text = '';
  private _changed = new Signal<this, void>(this);
  private _wanted = new Signal<this, void>(this);
}
