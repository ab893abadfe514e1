/** What a run printed beyond the text that its output keeps. */

import type { IPage } from '../api/review';
import type { IDisplay } from '../api/variants';
import { Base } from './base';
import { isUnknown, messageOf } from './failure';
import { numberOf, textOf } from './reader';

/** How much is fetched, in characters. */
export const MOST = 2 * 1024 * 1024;

/** What is written behind the text that is kept; that may end inside a line. */
const ANNOUNCED = /\[(\d[\d,. ]*) more characters were printed[^\]\n]*\]$/m;
const CODES = new RegExp(
  ['\u001b\\[[0-9;?]*[ -/]*[@-~]', '\u001b\\][^\u0007\u001b]*(?:\u0007|\u001b\\\\)'].join('|'),
  'g'
);

/** Fetched a page after the other once the user wants it. */
export class Rest extends Base {
  /** The pages that have come. */
  readonly pages: string[] = [];
  loading = false;
  /** All there is has come. */
  whole = false;
  /** There is more than is fetched. */
  cut = false;
  /** The server has it no more. */
  gone = false;
  error = '';

  /**
   * `known` is what is shown already, `missing` how many characters follow it: a server that counts from the first
   * character that was printed sends what is known again.
   */
  constructor(
    private _known: string,
    private readonly _missing: number
  ) {
    super();
  }

  /** Whether there is something to ask for. */
  get wanted(): boolean {
    return !this.loading && !this.whole && !this.cut && !this.gone;
  }

  /** Fetch what is left; `page` asks for the text from a place on. */
  async load(page: (from: number) => Promise<IPage>): Promise<void> {
    if (!this.wanted) {
      return;
    }
    this.loading = true;
    this.error = '';
    this.tell();
    try {
      do {
        this._take(await page(this._next));
        this.tell();
      } while (!this.whole && !this.cut);
    } catch (error) {
      this.gone = isUnknown(error);
      this.error = this.gone ? '' : messageOf(error);
    }
    this.loading = false;
    this.tell();
  }

  private _take(page: IPage): void {
    const next = numberOf(page.next);
    const total = numberOf(page.total);
    let text = this._unknown(textOf(page.text), total !== null && total > this._missing);
    const room = MOST - this._size;
    if (text.length > room) {
      text = text.slice(0, room);
      this.cut = true;
    }
    this._size += text.length;
    if (text) {
      this.pages.push(text.replace(CODES, ''));
    }
    const last = next === null || next <= this._next || (total !== null && next >= total);
    this.whole = last && !this.cut;
    this._next = next ?? this._next;
  }

  /** Leave out what is shown already. */
  private _unknown(text: string, again: boolean): string {
    const known = again ? this._known : '';
    if (known.startsWith(text)) {
      this._known = known.slice(text.length);
      return '';
    }
    this._known = '';
    return text.startsWith(known) ? text.slice(known.length) : text;
  }

  private _next = 0;
  private _size = 0;
}

/** The rest that outputs announce, if they do. */
export function restOf(outputs: readonly IDisplay[]): Rest | null {
  const printed = outputs
    .filter(output => output.output_type === 'stream')
    .map(output => [output.text ?? ''].flat().join(''));
  const text = printed.join('');
  const announced = ANNOUNCED.exec(text);
  return announced
    ? new Rest(text.slice(0, announced.index), Number(announced[1].replace(/\D/g, '')))
    : null;
}
