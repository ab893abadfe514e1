/** The question in the box, which commands and examples may fill as well as the user. */

import { Signal, type ISignal } from '@lumino/signaling';

import { Chips, type IChip, type ISentChip } from './chips';

/** A question that was typed, and what goes with it. */
export interface IDraft {
  text: string;
  chips: readonly IChip[];
}

/** What the user is about to ask. */
export class Draft {
  /** What is sent along with it. */
  readonly chips = new Chips();

  get text(): string {
    return this._text;
  }

  set text(text: string) {
    if (text !== this._text) {
      this._text = text;
      this._changed.emit();
    }
  }

  /** Why something could not be put to the question; said until the question is sent or another word is. */
  get notice(): string {
    return this._notice;
  }

  /** Whether the help on the box is shown. */
  get helping(): boolean {
    return this._helping;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The box should take the focus, its caret at the end. */
  get wanted(): ISignal<this, void> {
    return this._wanted;
  }

  /** Put a text into the box and the focus with it, and chips to those that are there. */
  fill(text: string, chips: readonly ISentChip[] = []): void {
    chips.forEach(chip => this.chips.add(chip));
    this.text = text;
    this._wanted.emit();
  }

  /** Put a chip to the question and the focus into the box; false where there is no room for more. */
  attach(chip: IChip): boolean {
    const added = this.chips.add(chip);
    this.say('');
    this._wanted.emit();
    return added;
  }

  say(notice: string): void {
    if (notice !== this._notice) {
      this._notice = notice;
      this._changed.emit();
    }
  }

  help(shown: boolean): void {
    this._helping = shown;
    this._changed.emit();
  }

  /** Take the question out. */
  take(): IDraft {
    const taken = { text: this._text, chips: this.chips.take() };
    this.text = '';
    this.say('');
    return taken;
  }

  /** Give questions back that were not sent, before what was typed since. */
  giveBack(...drafts: IDraft[]): void {
    drafts.forEach(draft => draft.chips.forEach(chip => this.chips.add(chip)));
    this.text = [...drafts.map(draft => draft.text), this._text].filter(text => text.trim()).join('\n\n');
  }

  focus(): void {
    this._wanted.emit();
  }

  private _text = '';
  private _notice = '';
  private _helping = false;
  private _changed = new Signal<this, void>(this);
  private _wanted = new Signal<this, void>(this);
}
