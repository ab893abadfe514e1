/** The documents that questions are looked up in, how they are found, and the user's own folders. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IMeans, IProgress, IResource } from '../api/documents';
import { useParts, useSignals } from './parts';

function meansText(means: IMeans, trans: TranslationBundle): string {
  if (!means.model) {
    return trans.__('Documents are searched by their words, inside this server.');
  }
  return means.host
    ? trans.__(
        'Documents are searched by words and meaning. For that their text and your questions go to %1 at %2.',
        means.model,
        means.host
      )
    : trans.__('Documents are searched by words and meaning, with %1 inside this server.', means.model);
}

/** The part of the page on privacy and data. */
export function DocumentsPart(): JSX.Element {
  const { documents, trans } = useParts();
  useSignals(false, documents.changed);
  React.useEffect(() => {
    documents.load().catch(console.error);
  }, [documents]);
  const { known } = documents;
  return (
    <>
      <h2>{trans.__('Documents')}</h2>
      {known && <p>{meansText(known.means, trans)}</p>}
      {known && (
        <ul className="jp-FrevaGPT-documents">
          {known.resources.map(resource => (
            <Resource key={resource.name} resource={resource} />
          ))}
        </ul>
      )}
      {known?.own && <OwnFolder />}
      {documents.error && (
        <div className="jp-FrevaGPT-problem" role="alert">
          {documents.error}
        </div>
      )}
    </>
  );
}

function Resource(props: { resource: IResource }): JSX.Element {
  const { resource } = props;
  const { documents, trans } = useParts();
  return (
    <li data-name={resource.name}>
      <span>{resource.title}</span>
      {resource.standing === 'own' && (
        <>
          <small>{trans._n('%1 passage', '%1 passages', resource.passages ?? 0)}</small>
          <button
            className="jp-FrevaGPT-textButton"
            aria-label={trans.__('Forget %1', resource.title)}
            disabled={documents.working}
            onClick={() => {
              documents.remove(resource.name).catch(console.error);
            }}
          >
            {trans.__('Forget')}
          </button>
        </>
      )}
    </li>
  );
}

function OwnFolder(): JSX.Element {
  const { documents, trans } = useParts();
  const [folder, setFolder] = React.useState('');
  const id = React.useId();
  const { working, progress, last } = documents;
  return (
    <form
      className="jp-FrevaGPT-choice"
      onSubmit={event => {
        event.preventDefault();
        documents.index(folder).catch(console.error);
      }}
    >
      <label htmlFor={id}>{trans.__('Index a folder of yours')}</label>
      <input
        id={id}
        type="text"
        spellCheck={false}
        placeholder="~/notes"
        value={folder}
        disabled={working}
        onChange={event => setFolder(event.target.value)}
      />
      {working ? (
        <>
          <progress
            aria-label={trans.__('Indexing')}
            max={progress?.total || 1}
            value={progress ? progress.done : undefined}
          />
          <button
            type="button"
            className="jp-FrevaGPT-button jp-FrevaGPT-cancelIndex"
            onClick={() => documents.cancel()}
          >
            {trans.__('Cancel')}
          </button>
        </>
      ) : (
        <button className="jp-FrevaGPT-button jp-FrevaGPT-index" disabled={!folder.trim()}>
          {trans.__('Index')}
        </button>
      )}
      <span className="jp-FrevaGPT-hint" role="status">
        {last?.finished && !last.problem ? doneText(last, trans) : ''}
      </span>
    </form>
  );
}

function doneText(last: IProgress, trans: TranslationBundle): string {
  const done = trans._n('%1 document is indexed.', '%1 documents are indexed.', last.total - last.unread);
  return last.unread ? `${done} ${trans._n('%1 could not be read.', '%1 could not be read.', last.unread)}` : done;
}
