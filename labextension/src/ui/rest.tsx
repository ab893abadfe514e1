/** What a run printed beyond its output, once the user wants to see it. */

import * as React from 'react';

import type { Rest } from '../model/rest';
import type { CodeRun } from '../model/run';
import { CardButton } from './cardbutton';
import { useParts, useSignals } from './parts';

/** A button that fetches, and below it what has come. */
export function RestBox(props: { run: CodeRun; rest: Rest }): JSX.Element | null {
  const { run, rest } = props;
  const { calls, trans } = useParts();
  useSignals(true, rest.changed);
  const note = rest.gone
    ? trans.__('The server does not have the rest any more.')
    : rest.cut
      ? trans.__('Shown are 2 MB of the rest: write it to a file to see more.')
      : rest.error && trans.__('The rest could not be fetched: %1', rest.error);
  return (
    <div className="jp-FrevaGPT-rest">
      {rest.pages.length > 0 && (
        <pre className="jp-FrevaGPT-rest-text" tabIndex={0} aria-label={trans.__('Rest of the output')}>
          {rest.pages.map((page, at) => (
            <span key={at}>{page}</span>
          ))}
        </pre>
      )}
      {(rest.wanted || rest.loading) && (
        <CardButton
          name="jp-FrevaGPT-showAll"
          usable={!rest.loading}
          heir=".jp-FrevaGPT-rest-text"
          onUse={() => calls.showAll(run)}
        >
          {rest.loading ? trans.__('Loading') : trans.__('Show all')}
        </CardButton>
      )}
      <div className="jp-FrevaGPT-rest-note" role="status">
        {note}
      </div>
    </div>
  );
}
