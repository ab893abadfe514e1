/** What a run printed beyond the text that its output keeps. */

import type { IPage } from '../api/review';
import type { IDisplay } from '../api/variants';
import { Base } from './base';
import { isUnknown, messageOf } from './failure';
import { numberOf, textOf } from './reader';

/** How much is fetched, in characters. */
export const MOST = 2 * 1024 * 1024;

/** What the server writes behind the text that is kept; that may end inside a line. */
const ANNOUNCED = /\[\d+ more characters were printed[^\]\n]*\]$/m;
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
    let text = textOf(page.text);
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

  private _next = 0;
  private _size = 0;
}

/** The rest that outputs announce, if they do. */
export function restOf(outputs: readonly IDisplay[]): Rest | null {
  const printed = outputs
    .filter(output => output.output_type === 'stream')
    .map(output => [output.text ?? ''].flat().join(''));
  return ANNOUNCED.test(printed.join('')) ? new Rest() : null;
}
