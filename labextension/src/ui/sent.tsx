/** The foot of a turn: seconds, tokens, cost, and what was sent to the model. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ISent } from '../api/wishes';
import { costOf } from '../model/cost';
import type { Usage } from '../model/entry';
import { placeOf } from '../model/notice';
import { duration } from './card';
import { useParts, useSignals } from './parts';

/** What the turn took; opened, what was sent. */
export function Foot(props: { usage: Usage }): JSX.Element | null {
  const { catalogue, trans } = useParts();
  useSignals(false, catalogue.changed);
  const { usage, model: name } = props.usage;
  const { seconds, prompt_tokens, completion_tokens, sent } = usage;
  const tokens = (prompt_tokens ?? 0) + (completion_tokens ?? 0);
  const model = catalogue.named(name);
  const cost = costOf(usage, model);
  const parts = [
    seconds !== undefined ? duration(seconds, 1) : '',
    tokens ? trans._n('%1 token', '%1 tokens', tokens) : '',
    cost === null ? '' : trans.__('$%1', cost)
  ].filter(Boolean);
  if (!parts.length) {
    return null;
  }
  const line = parts.join(' · ');
  if (!sent) {
    return <div className="jp-FrevaGPT-usage">{line}</div>;
  }
  const place = placeOf(model);
  const rows = [
    ...rowsOf(sent, trans),
    ...(tokens ? [trans.__('%1 tokens read, %2 written', prompt_tokens ?? 0, completion_tokens ?? 0)] : [])
  ];
  return (
    <details className="jp-FrevaGPT-usage jp-FrevaGPT-sent">
      <summary title={trans.__('What was sent to the model')}>{line}</summary>
      <div>
        {place === 'elsewhere'
          ? trans.__('What was sent to %1 (%2):', name, model?.host ?? '')
          : place === 'unknown'
            ? trans.__('What was sent to the model:')
            : trans.__('What was sent to %1, on this machine:', name)}
      </div>
      <ul>
        {rows.map(row => (
          <li key={row}>{row}</li>
        ))}
      </ul>
    </details>
  );
}

function rowsOf(sent: ISent, trans: TranslationBundle): string[] {
  const { questions = 0, outputs = 0, chips = 0, pictures = 0, variables = 0, requests = 0, names } = sent;
  return [
    trans._n('%1 question of this chat', '%1 questions of this chat', questions),
    outputs ? trans._n('output of %1 run or tool', 'output of %1 runs and tools', outputs) : '',
    variables
      ? trans._n('a description of %1 variable: %2', 'descriptions of %1 variables: %2', variables, names ?? '')
      : trans.__('nothing about your variables'),
    chips ? trans._n('%1 thing that you sent along', '%1 things that you sent along', chips) : '',
    pictures ? trans._n('%1 picture', '%1 pictures', pictures) : '',
    trans._n('in %1 request', 'in %1 requests', requests)
  ].filter(Boolean);
}
