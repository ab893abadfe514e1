/** A call of a tool that runs no code of its own: what it is, what came of it, and what the user is asked about it. */

import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { datasetsIn } from '../model/datasets';
import type { ToolUse } from '../model/entry';
import { passagesIn } from '../model/passages';
import { ApprovalBox, decidedText } from './approval';
import { Datasets } from './datasets';
import { Icon } from './icon';
import { fenced, MarkdownText } from './markdowntext';
import { useParts, useSignals } from './parts';
import { Passages } from './passages';

/** What a tool does in the notebook, in words; empty for another tool. */
function notebookText(name: string, trans: TranslationBundle): string {
  const known: Record<string, string> = {
    read_notebook: trans.__('Notebook: read'),
    insert_cell: trans.__('Notebook: insert a cell'),
    replace_cell: trans.__('Notebook: replace a cell'),
    run_cell: trans.__('Notebook: run a cell')
  };
  return Object.hasOwn(known, name) ? known[name] : '';
}

function stateText(tool: ToolUse, trans: TranslationBundle): string {
  const name = notebookText(tool.name, trans);
  if (tool.name === 'get_context_from_resources') {
    return tool.output !== null ? trans.__('Searched documents') : trans.__('Searching documents');
  }
  const readable = tool.name.replace(/_/g, ' ');
  return name || (tool.output !== null ? trans.__('Used %1', readable) : trans.__('Using %1', readable));
}

/** The first line of what the model was told, without the announcement of what follows. */
function summaryOf(output: string): string {
  return output.split('\n', 1)[0].replace(/ Its output:$/, '');
}

/** The card. */
export function ToolItem(props: { tool: ToolUse }): JSX.Element {
  const { tool } = props;
  const { trans } = useParts();
  const [open, setOpen] = React.useState(false);
  useSignals(true, tool.changed);
  const bodyId = `jp-FrevaGPT-${tool.key}`;
  const { approval, decided, output } = tool;
  const running = output === null && !tool.closed;
  const told = notebookText(tool.name, trans) && output ? summaryOf(output) : '';
  const summary = running && !approval ? tool.progress : told;
  const writes = tool.name === 'replace_cell';
  const found = React.useMemo(() => datasetsIn(tool.data), [tool.data]);
  const passages = React.useMemo(() => passagesIn(tool.data), [tool.data]);
  const elsewhere = !notebookText(tool.name, trans);
  return (
    <div
      className="jp-FrevaGPT-card jp-FrevaGPT-tool"
      data-state={approval ? 'approval' : running ? 'running' : output === null ? 'stopped' : 'done'}
      data-call-id={tool.id}
      data-tool={tool.name}
    >
      <div className="jp-FrevaGPT-card-header">
        <button
          className="jp-FrevaGPT-card-toggle"
          aria-expanded={open}
          aria-controls={bodyId}
          onClick={() => setOpen(!open)}
        >
          <Icon icon={open ? caretDownIcon : caretRightIcon} />
          <span className="jp-FrevaGPT-card-mark" />
          <span className="jp-FrevaGPT-card-state">{stateText(tool, trans)}</span>
        </button>
      </div>
      {summary && !open && <div className="jp-FrevaGPT-tool-summary" title={summary}>{summary}</div>}
      {found && <Datasets found={found} />}
      {passages && <Passages tool={tool} found={passages} />}
      <div id={bodyId} hidden={!open} className="jp-FrevaGPT-tool-body">
        <pre>{tool.input}</pre>
        {output !== null && <pre className="jp-FrevaGPT-tool-output">{output}</pre>}
      </div>
      {approval && (
        <>
          <div className="jp-FrevaGPT-card-code">
            <MarkdownText text={fenced(approval.code, 'python')} whole />
          </div>
          <ApprovalBox
            key={approval.key}
            run={tool}
            approval={approval}
            title={
              writes
                ? trans.__('May this code be written into the notebook?')
                : elsewhere
                  ? trans.__('May this tool be used?')
                  : undefined
            }
            once={writes ? trans.__('Replace') : elsewhere ? trans.__('Use once') : undefined}
          />
        </>
      )}
      {decided && !approval && (
        <div className="jp-FrevaGPT-decided" data-decision={decided.decision}>
          {decided.decision === 'once' ? trans.__('You allowed it once') : decidedText(decided, trans)}
        </div>
      )}
    </div>
  );
}
