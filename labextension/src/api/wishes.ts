/** What the site decided, and what a person wants of one question. */

/** What happens with code before it runs. */
export type Policy = 'run' | 'ask-when-risky' | 'ask' | 'suggest';

/** What a model is told of variables. */
export type Shown = 'values' | 'names' | 'nothing';

/** What the site decided; `fixed` are those that leave no choice. */
export interface ISite {
  policy: Policy;
  scratch_policy: Policy;
  variables: Shown;
  fixed: readonly string[];
}

/** What goes with a question. */
export interface IWishes {
  policy?: Policy;
  variables?: Shown;
}

/** What the last request of a turn held. */
export interface ISent {
  requests?: number;
  questions?: number;
  outputs?: number;
  pictures?: number;
  chips?: number;
  variables?: number;
  names?: string;
}
