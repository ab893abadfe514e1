/** What an empty conversation shows: what this is for, and four questions to begin with. */

import * as React from 'react';

import { frevaIcon } from './icons';
import { useParts } from './parts';
import { Whereto } from './privacy';

/** Greets, and fills the box with the example that is clicked. */
export function Welcome(): JSX.Element {
  const { draft, trans } = useParts();
  const examples = [
    trans.__('Describe the dataset in ds: variables, units, grid and time range.'),
    trans.__('Plot the yearly global mean of tas as an anomaly to 1961-1990.'),
    trans.__('Draw a map of the mean summer precipitation over Europe.'),
    trans.__('Why did my last cell fail, and how do I fix it?')
  ];
  return (
    <div className="jp-FrevaGPT-welcome">
      <frevaIcon.react tag="div" className="jp-FrevaGPT-welcome-icon" width="32px" height="32px" />
      <h2>{trans.__('Ask about your climate data')}</h2>
      <p>
        {trans.__(
          'FrevaGPT writes code and runs it in the kernel of your notebook, so it sees your variables and files. ' +
            'Check what it tells you: it can be wrong.'
        )}
      </p>
      <Whereto button />
      <div className="jp-FrevaGPT-examples" role="group" aria-label={trans.__('Example questions')}>
        {examples.map(example => (
          <button
            key={example}
            className="jp-FrevaGPT-example"
            onClick={() => draft.fill(example)}
          >
            {example}
          </button>
        ))}
      </div>
    </div>
  );
}
