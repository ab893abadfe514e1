/** What the browser remembers: the window's thread over a reload, the chosen model for good. */

import type { IKernel } from './kernel';

/** The thread that a window shows, and the turn that ran in it. */
export interface IPlace {
  thread: string;
  running: boolean;
  kernel: IKernel | null;
}

const PLACE = 'frevagpt:place';
const MODEL = 'frevagpt:model';

/** Reads and writes the browser's storage; does without where that is forbidden. */
export class Memory {
  constructor(
    private readonly _workspace = 'default',
    private readonly _window: () => Storage = () => window.sessionStorage,
    private readonly _browser: () => Storage = () => window.localStorage
  ) {}

  get place(): IPlace | null {
    try {
      const text = this._window().getItem(`${PLACE}:${this._workspace}`);
      const place = text ? (JSON.parse(text) as Partial<IPlace> | null) : null;
      return typeof place?.thread === 'string'
        ? { thread: place.thread, running: !!place.running, kernel: place.kernel ?? null }
        : null;
    } catch {
      return null;
    }
  }

  set place(place: IPlace | null) {
    const key = `${PLACE}:${this._workspace}`;
    try {
      if (place) {
        this._window().setItem(key, JSON.stringify(place));
      } else {
        this._window().removeItem(key);
      }
    } catch {
      // private windows may refuse: the thread is then found in the list
    }
  }

  get model(): string | null {
    try {
      return this._browser().getItem(MODEL);
    } catch {
      return null;
    }
  }

  set model(name: string | null) {
    try {
      this._browser().setItem(MODEL, name ?? '');
    } catch {
      // the default model is asked next time
    }
  }
}
