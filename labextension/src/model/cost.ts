/** What a turn cost. */

import type { IModel, IUsage } from '../api/variants';

/** Dollars as text, null where the catalogue has no price or no tokens were counted. */
export function costOf(usage: IUsage, model: IModel | null): string | null {
  const { prompt_tokens = 0, completion_tokens = 0 } = usage;
  const { input_cost, output_cost } = model ?? {};
  if (typeof input_cost !== 'number' || typeof output_cost !== 'number' || !(prompt_tokens + completion_tokens)) {
    return null;
  }
  const dollars = prompt_tokens * input_cost + completion_tokens * output_cost;
  if (!dollars) {
    return null;
  }
  return dollars < 0.0001 ? '<0.0001' : dollars.toFixed(dollars < 0.1 ? 4 : 2);
}
