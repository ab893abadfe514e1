/** What is offered while a word behind @ or / is being typed, and which of it is active. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { Draft } from './draft';
import type { IMention, Mentions } from './mentions';
import type { ISlash, Slashes } from './slash';

/** A line of the list. */
export type IOffer = IMention | { kind: 'command'; label: string; detail: string; slash: ISlash };

/** The text of the box after something was chosen. */
export interface IEdit {
  text: string;
  caret: number;
}

interface IWord {
  mark: '@' | '/';
  start: number;
  end: number;
  query: string;
}

/** Follows the text and the caret; Escape closes it until another word is begun. */
export class Completion {
  constructor(
    private readonly _draft: Draft,
    private readonly _mentions: Mentions,
    private readonly _slashes: Slashes
  ) {}

  get offers(): readonly IOffer[] {
    return this._offers;
  }

  /** The place of the active one. */
  get active(): number {
    return this._active;
  }

  get open(): boolean {
    return this._offers.length > 0;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The text or the caret has changed. */
  async follow(text: string, caret: number): Promise<void> {
    const word = wordAt(text, caret);
    const turn = ++this._turn;
    if (!word) {
      this._refused = -1;
      this._word = null;
      this._show([]);
      return;
    }
    if (word.start === this._refused) {
      return;
    }
    this._refused = -1;
    if (!this._word && word.mark === '@') {
      this._mentions.forget();
    }
    const moved = this._word?.query !== word.query;
    this._word = word;
    if (moved) {
      this._active = 0;
    }
    if (word.mark === '/') {
      this._show(
        this._slashes
          .find(word.query)
          .map(slash => ({ kind: 'command', label: `/${slash.name}`, detail: slash.help, slash }))
      );
      return;
    }
    await this._mentions.find(word.query, found => {
      if (turn === this._turn) {
        this._show(found);
      }
    });
  }

  /** Make the next or the one before the active one, around the ends. */
  move(step: number): void {
    const count = this._offers.length;
    if (count) {
      this._active = (this._active + step + count) % count;
      this._changed.emit();
    }
  }

  close(): void {
    this._refused = this._word?.start ?? -1;
    this._word = null;
    this._turn++;
    this._show([]);
  }

  /** Take the active offer, or another: its chip goes to the question, its command runs. */
  accept(text: string, place = this._active): IEdit | null {
    const offer = this._offers[place];
    const word = this._word;
    if (!offer || !word) {
      return null;
    }
    this._word = null;
    this._turn++;
    this._show([]);
    if (offer.kind === 'command') {
      offer.slash.run();
      return { text: '', caret: 0 };
    }
    if (offer.chip) {
      const chip = offer.chip();
      if (chip && !this._draft.chips.add(chip)) {
        return null;
      }
    }
    const before = text.slice(0, word.start);
    const after = text.slice(word.end);
    const typed = offer.chip ? withSpace(offer.insert, after) : quoted(offer.insert);
    return { text: before + typed + after, caret: (before + typed).length };
  }

  private _show(offers: readonly IOffer[]): void {
    if (offers.length || this._offers.length) {
      const active = this._offers[this._active];
      const same = offers.findIndex(one => one.kind === active?.kind && one.detail === active.detail);
      // what comes late moves the active one, but never makes another active once the user has moved
      this._active = this._active > 0 && same >= 0 ? same : Math.min(this._active, Math.max(0, offers.length - 1));
      this._offers = offers;
      this._changed.emit();
    }
  }

  private _offers: readonly IOffer[] = [];
  private _active = 0;
  private _word: IWord | null = null;
  private _refused = -1;
  private _turn = 0;
  private _changed = new Signal<this, void>(this);
}

/** The word behind a mark in which the caret stands at the end. */
function wordAt(text: string, caret: number): IWord | null {
  const before = text.slice(0, caret);
  const command = /^\/(\w*)$/.exec(before);
  if (command && caret === text.length) {
    return { mark: '/', start: 0, end: caret, query: command[1] };
  }
  const mention = /(?:^|[\s(,;])@("[^"\n]*|[^\s@"]*)$/.exec(before);
  if (!mention) {
    return null;
  }
  const typed = mention[1];
  const query = typed.replace(/^"/, '');
  return { mark: '@', start: caret - typed.length - 1, end: caret, query };
}

function withSpace(text: string, after: string): string {
  return text && !/^[\s,.;:!?)]/.test(after) ? `${text} ` : text;
}

/** A folder to be looked into, typed as a mention. */
function quoted(path: string): string {
  return /\s/.test(path) ? `@"${path}` : `@${path}`;
}
