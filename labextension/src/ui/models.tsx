/** The choice of the model, and advice when there is none to choose. */

import * as React from 'react';

import { MarkdownText } from './markdowntext';
import { useParts, useSignals } from './parts';

/** A list of the models; a plain name when there is only one. */
export function ModelPicker(): JSX.Element {
  const { catalogue, trans } = useParts();
  useSignals(false, catalogue.changed);
  const { models, chosen } = catalogue;
  if (!chosen) {
    return <span className="jp-FrevaGPT-model" />;
  }
  if (models.length === 1) {
    return (
      <span className="jp-FrevaGPT-model" title={withNote(chosen.name, chosen.note)}>
        {withNote(chosen.name, chosen.note)}
      </span>
    );
  }
  return (
    <span className="jp-FrevaGPT-model">
      <select
        aria-label={trans.__('Model')}
        title={withNote(chosen.name, chosen.note)}
        value={chosen.name}
        onChange={event => catalogue.choose(event.target.value)}
      >
        {models.map(model => (
          <option key={model.name} value={model.name}>
            {withNote(model.name, model.note)}
          </option>
        ))}
      </select>
    </span>
  );
}

/** What to do when no model can be asked. */
export function Advice(): JSX.Element | null {
  const { catalogue, trans } = useParts();
  useSignals(false, catalogue.changed);
  if (catalogue.error && !catalogue.loaded) {
    return (
      <div className="jp-FrevaGPT-problem" role="alert">
        {catalogue.error}
        <button className="jp-FrevaGPT-more" onClick={() => void catalogue.load()}>
          {trans.__('Try again')}
        </button>
      </div>
    );
  }
  if (!catalogue.advice || catalogue.models.length) {
    return null;
  }
  return (
    <div className="jp-FrevaGPT-advice">
      <MarkdownText text={catalogue.advice} whole={true} />
      <button className="jp-FrevaGPT-more" onClick={() => void catalogue.load()}>
        {trans.__('Look again')}
      </button>
    </div>
  );
}

function withNote(name: string, note: string | undefined): string {
  return note ? `${name} (${note})` : name;
}
