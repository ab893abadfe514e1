/** What a search for data found, as tables: facets with their values, and files that one click opens in the notebook. */

import { addBelowIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { isOne, nameOf, opening, type IDatasets, type IFacet } from '../model/datasets';
import { CopyButton } from './copybutton';
import { NotebookButton } from './codetoolbar';
import { useParts, useSignals } from './parts';

/** The most values of a facet that are shown at once. */
const SHOWN = 6;

function Facet(props: { facet: IFacet }): JSX.Element {
  const { facet } = props;
  const { trans } = useParts();
  const [all, setAll] = React.useState(false);
  const shown = all ? facet.values : facet.values.slice(0, SHOWN);
  const hidden = facet.values.length - shown.length;
  return (
    <tr>
      <th scope="row">{facet.name}</th>
      <td>
        {shown.map(([value, count]) => (
          <span key={value} className="jp-FrevaGPT-facet-value">
            {value} <small>{count}</small>
          </span>
        ))}
        {hidden > 0 && (
          <button className="jp-FrevaGPT-datasets-more" onClick={() => setAll(true)}>
            {trans.__('%1 more', hidden)}
          </button>
        )}
        {hidden === 0 && facet.more > 0 && <small>{trans.__('and %1 more', facet.more)}</small>}
      </td>
    </tr>
  );
}

/** The tables. */
export function Datasets(props: { found: IDatasets }): JSX.Element {
  const { found } = props;
  const { workbench, trans } = useParts();
  useSignals(true, workbench.changed);
  const { files, facets, total } = found;
  const one = isOne(found);
  const insert = (source: string): void => workbench.insert({ type: 'code', source }, 'below');
  const all = one
    ? trans.__('Put a cell into the notebook that opens these files as one dataset')
    : trans.__('Put a cell into the notebook that opens each of these files');
  return (
    <div className="jp-FrevaGPT-datasets">
      <div className="jp-FrevaGPT-datasets-query">
        {trans._n('%1 file for %2', '%1 files for %2', total, found.query)}
      </div>
      {facets.length > 0 && (
        <div className="jp-FrevaGPT-datasets-scroll" tabIndex={0} role="region" aria-label={trans.__('Facets')}>
          <table>
            <tbody>
              {facets.map(facet => (
                <Facet key={facet.name} facet={facet} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {files.length > 0 && (
        <>
          <div className="jp-FrevaGPT-datasets-files-header">
            <span>{files.length < total ? trans.__('The first %1 files', files.length) : trans.__('Files')}</span>
            {files.length > 1 && (
              <NotebookButton
                name="jp-FrevaGPT-openAll"
                icon={addBelowIcon}
                label={all}
                obstacle={workbench.obstacle}
                work={() => insert(opening(files, one))}
              />
            )}
          </div>
          <ul className="jp-FrevaGPT-datasets-files" aria-label={trans.__('Files')}>
            {files.map(file => (
              <li key={file} title={file}>
                <span className="jp-FrevaGPT-datasets-file">{nameOf(file)}</span>
                <CopyButton text={() => file} label={trans.__('Copy path')} done={trans.__('Copied')} />
                <NotebookButton
                  name="jp-FrevaGPT-openFile"
                  icon={addBelowIcon}
                  label={trans.__('Put a cell into the notebook that opens this file')}
                  obstacle={workbench.obstacle}
                  work={() => insert(opening([file], one))}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
