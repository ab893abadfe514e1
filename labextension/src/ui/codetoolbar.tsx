/** The row of buttons above a block of code in an answer: into the notebook, run, copy. */

import { Notification } from '@jupyterlab/apputils';
import {
  addAboveIcon,
  addBelowIcon,
  ReactWidget,
  runIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { CellTrouble } from '../model/cells';
import type { Obstacle } from '../model/workbench';
import { CopyButton } from './copybutton';
import { Icon } from './icon';
import { replaceIcon } from './icons';
import { PartsContext, useParts, useSignals, type IPanelParts } from './parts';

/** Languages whose blocks can be cells; a block without one is taken for code of the notebook's. */
const CELLS = /(?:^|\s)(?:language-|lang-)?(?:python3?|py|ipython3?|ipy)(?:\s|$)/i;

/** Why a button does nothing now. */
export function obstacleText(obstacle: Obstacle, trans: TranslationBundle): string {
  switch (obstacle) {
    case 'no-cell':
      return trans.__('open a notebook and select a cell first');
    case 'read-only':
      return trans.__('the notebook or its cell cannot be edited');
    case 'no-kernel':
      return trans.__('the notebook has no running kernel');
  }
}

/** Do something in the notebook; what keeps it from being done is told. */
export function attempt(work: () => void | Promise<void>, trans: TranslationBundle): void {
  Promise.resolve()
    .then(work)
    .catch((error: unknown) => {
      console.warn(error);
      const trouble = error instanceof CellTrouble ? error.trouble : 'failed';
      Notification.warning(
        trouble === 'no-cell' || trouble === 'read-only' || trouble === 'no-kernel'
          ? trans.__('Not done: %1.', obstacleText(trouble, trans))
          : trans.__('The notebook did not take the code. Look what is in the cell now.')
      );
    });
}

/** A button that works in the notebook; while there is an obstacle it stays and says which. */
export function NotebookButton(props: {
  name: string;
  icon: LabIcon;
  label: string;
  obstacle: Obstacle | null;
  work: () => void | Promise<void>;
}): JSX.Element {
  const { trans } = useParts();
  const { obstacle, label } = props;
  const title = obstacle
    ? trans.__('%1: %2', label, obstacleText(obstacle, trans))
    : label;
  return (
    <button
      className={`jp-FrevaGPT-iconButton ${props.name}`}
      aria-label={title}
      title={title}
      aria-disabled={obstacle !== null}
      onClick={() => {
        if (!obstacle) {
          attempt(props.work, trans);
        }
      }}
    >
      <Icon icon={props.icon} />
    </button>
  );
}

/** The row; a block that is no Python can only be copied. */
export function CodeToolbar(props: { code: string; cell: boolean }): JSX.Element {
  const { code } = props;
  const { workbench, trans } = useParts();
  useSignals(true, workbench.changed);
  return (
    <div className="jp-FrevaGPT-codebar" role="group" aria-label={trans.__('This code')}>
      {props.cell && (
        <>
          <NotebookButton
            name="jp-FrevaGPT-insertAbove"
            icon={addAboveIcon}
            label={trans.__('Insert above the active cell')}
            obstacle={workbench.obstacle}
            work={() => workbench.insert({ type: 'code', source: code }, 'above')}
          />
          <NotebookButton
            name="jp-FrevaGPT-insertBelow"
            icon={addBelowIcon}
            label={trans.__('Insert below the active cell')}
            obstacle={workbench.obstacle}
            work={() => workbench.insert({ type: 'code', source: code }, 'below')}
          />
          <NotebookButton
            name="jp-FrevaGPT-replace"
            icon={replaceIcon}
            label={trans.__('Replace the active cell')}
            obstacle={workbench.replaceObstacle}
            work={() => workbench.replace(code)}
          />
          <NotebookButton
            name="jp-FrevaGPT-runCode"
            icon={runIcon}
            label={trans.__('Run in the notebook, in a new cell below')}
            obstacle={workbench.runObstacle}
            work={() => workbench.run(code)}
          />
        </>
      )}
      <CopyButton text={() => code} label={trans.__('Copy code')} done={trans.__('Copied')} />
    </div>
  );
}

/** Put a row above each block of code below a node; return what takes them away again. */
export function addCodeToolbars(node: HTMLElement, parts: IPanelParts): () => void {
  const bars = [...node.querySelectorAll<HTMLElement>('pre > code')].map(block => {
    const code = block.textContent.replace(/\n$/, '');
    const named = block.className.trim();
    const widget = ReactWidget.create(
      <PartsContext.Provider value={parts}>
        <CodeToolbar code={code} cell={!named || CELLS.test(named)} />
      </PartsContext.Provider>
    );
    const pre = block.parentElement as HTMLElement;
    const host = document.createElement('div');
    pre.before(host);
    Widget.attach(widget, host);
    return { widget, host };
  });
  return () =>
    bars.forEach(({ widget, host }) => {
      // A root cannot be taken down while React renders, as it may do here, nor a widget that is out of the page.
      host.hidden = true;
      document.body.append(host);
      window.setTimeout(() => {
        widget.dispose();
        host.remove();
      });
    });
}
