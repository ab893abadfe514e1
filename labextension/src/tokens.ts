/** What other plugins may use of the panel. */

import { Token } from '@lumino/coreutils';

import type { Asked } from './model/asked';

/** The chat panel. */
export interface IFrevaGPT {
  /** Show the panel and put the focus into its box. */
  open(): void;
  /** Show the panel and ask: at once, or when the running answer has ended. */
  ask(text: string): Promise<void>;
  /** Ask without showing the panel, and follow what is answered. */
  follow(text: string): Asked;
}

export const IFrevaGPT = new Token<IFrevaGPT>(
  'jupyter-frevagpt:IFrevaGPT',
  'The FrevaGPT chat panel: shows it and asks questions in it.'
);
