/** A run of the model's code: one line about its state, the code, and what came of it. */

import { addBelowIcon, caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { outputsOf } from '../model/export/outputs';
import type { CardState, CodeRun } from '../model/run';
import { ApprovalBox, decidedText } from './approval';
import { ChangesBox } from './changes';
import { NotebookButton } from './codetoolbar';
import { CopyButton } from './copybutton';
import { Thumbs } from './feedback';
import { Icon } from './icon';
import { fenced, MarkdownText } from './markdowntext';
import { Outputs } from './outputs';
import { useParts, useSignals } from './parts';
import { RestBox } from './rest';
import { WaitBox } from './waiting';

/** A run's state in words. */
export function stateText(state: CardState, trans: TranslationBundle, behind = ''): string {
  switch (state) {
    case 'writing':
      return trans.__('Writing code');
    case 'written':
      return trans.__('About to run');
    case 'approval':
      return trans.__('Waiting for you');
    case 'denied':
    case 'refused':
      return trans.__('Not run');
    case 'starting':
      return trans.__('Starting a kernel');
    case 'waiting':
      return behind ? trans.__('Waiting for another run') : trans.__('Waiting for your cell');
    case 'running':
      return trans.__('Running');
    case 'done':
      return trans.__('Done');
    case 'failed':
      return trans.__('Failed');
    case 'stopped':
      return trans.__('Stopped');
    case 'aborted':
      return trans.__('Not run: a cell before it failed');
    case 'lost':
      return trans.__('The kernel died or was restarted');
  }
}

/** The card of one run. */
export function Card(props: { run: CodeRun }): JSX.Element {
  const { run } = props;
  const { trans } = useParts();
  const [open, setOpen] = React.useState(true);
  const bodyId = `jp-FrevaGPT-${run.key}`;
  useSignals(true, run.changed);
  const seconds = useSeconds(run);
  const state = stateText(run.state, trans, run.behind);
  const { approval, decided, changes, rest } = run;
  // what is to be decided about is shown, all of it
  const shown = open || approval !== null;
  const code = approval?.code || run.code;
  const ended = run.outputs !== null && run.state !== 'denied' && !approval;
  // the text for the model says no more than the line about the decision
  const hasOutput = !!run.live || (!!run.outputs?.length && run.state !== 'denied');
  return (
    <div
      className="jp-FrevaGPT-card"
      data-state={run.state === 'written' ? 'writing' : run.state}
      data-call-id={run.id}
    >
      <div className="jp-FrevaGPT-card-header">
        <button
          className="jp-FrevaGPT-card-toggle"
          aria-expanded={shown}
          aria-controls={bodyId}
          title={shown ? trans.__('Hide the code') : trans.__('Show the code')}
          onClick={() => setOpen(approval !== null || !open)}
        >
          <Icon icon={shown ? caretDownIcon : caretRightIcon} />
          <span className="jp-FrevaGPT-card-mark" />
          <span className="jp-FrevaGPT-card-state">{state}</span>
          {seconds !== null && <span className="jp-FrevaGPT-card-seconds">{seconds}</span>}
        </button>
        {run.rating && run.outputs && <Thumbs rating={run.rating} what="code" />}
        {ended && <AddButton run={run} code={code} />}
        <CopyButton text={() => code} label={trans.__('Copy code')} done={trans.__('Copied')} />
      </div>
      <div id={bodyId} hidden={!shown} className="jp-FrevaGPT-card-code">
        {shown && code && (
          <MarkdownText
            key={approval ? 'asked' : 'code'} // wrapped or not: which blocks scroll is found out anew
            text={fenced(code, 'python')}
            whole={run.state !== 'writing'}
          />
        )}
      </div>
      {approval && <ApprovalBox key={approval.key} run={run} approval={approval} />}
      {run.state === 'waiting' && <WaitBox behind={run.behind} />}
      {decided && !approval && (
        <div className="jp-FrevaGPT-decided" data-decision={decided.decision}>
          {decidedText(decided, trans)}
        </div>
      )}
      {hasOutput && <Outputs run={run} label={trans.__('Output')} />}
      {rest && hasOutput && <RestBox run={run} rest={rest} />}
      {changes && <ChangesBox key={changes.key} run={run} changes={changes} />}
    </div>
  );
}

/** Puts the code and what it showed into the notebook; nothing of that is trusted there. */
function AddButton(props: { run: CodeRun; code: string }): JSX.Element {
  const { run, code } = props;
  const { workbench, rendermime, trans } = useParts();
  useSignals(true, workbench.changed);
  return (
    <NotebookButton
      name="jp-FrevaGPT-addCell"
      icon={addBelowIcon}
      label={trans.__('Add to the notebook as a cell, with its output')}
      obstacle={workbench.obstacle}
      work={() => {
        const outputs = outputsOf(run.outputs ?? [], html => rendermime.sanitizer.sanitize(html));
        workbench.insert({ type: 'code', source: code, outputs }, 'below');
      }}
    />
  );
}

/** How long the run has taken, in words, counted while it goes on. */
function useSeconds(run: CodeRun): string | null {
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  const counting = run.startedAt !== null;
  React.useEffect(() => {
    if (counting) {
      const timer = window.setInterval(tick, 1000);
      return () => window.clearInterval(timer);
    }
  }, [counting]);
  if (run.startedAt !== null) {
    return duration(Math.floor(Math.max(0, Date.now() - run.startedAt) / 1000), 0);
  }
  return run.seconds !== null && run.seconds >= 0.05 ? duration(run.seconds, 1) : null;
}

/** Return seconds as people write them: 0.4 s, 12 s, 3 min 20 s. */
export function duration(seconds: number, digits: number): string {
  if (seconds < 60) {
    return `${seconds.toFixed(seconds < 10 ? digits : 0)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
