/** A run of the model's code: one line about its state, the code, and what came of it. */

import { Clipboard } from '@jupyterlab/apputils';
import {
  caretDownIcon,
  caretRightIcon,
  checkIcon,
  copyIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { CardState, CodeRun } from '../model/entry';
import { fenced, MarkdownText } from './markdowntext';
import { Outputs } from './outputs';
import { useParts, useSignals } from './parts';

/** A run's state in words. */
export function stateText(state: CardState, trans: TranslationBundle): string {
  switch (state) {
    case 'writing':
      return trans.__('Writing code');
    case 'written':
      return trans.__('About to run');
    case 'starting':
      return trans.__('Starting a kernel');
    case 'waiting':
      return trans.__('Waiting for your cell');
    case 'running':
      return trans.__('Running');
    case 'done':
      return trans.__('Done');
    case 'failed':
      return trans.__('Failed');
    case 'stopped':
      return trans.__('Stopped');
    case 'aborted':
      return trans.__('Aborted');
    case 'lost':
      return trans.__('The kernel died');
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
  const state = stateText(run.state, trans);
  const hasOutput = !!run.live || !!run.outputs?.length;
  return (
    <div
      className="jp-FrevaGPT-card"
      data-state={run.state === 'written' ? 'writing' : run.state}
      data-call-id={run.id}
    >
      <div className="jp-FrevaGPT-card-header">
        <button
          className="jp-FrevaGPT-card-toggle"
          aria-expanded={open}
          aria-controls={bodyId}
          title={open ? trans.__('Hide the code') : trans.__('Show the code')}
          onClick={() => setOpen(!open)}
        >
          <Icon icon={open ? caretDownIcon : caretRightIcon} />
          <span className="jp-FrevaGPT-card-mark" />
          <span className="jp-FrevaGPT-card-state">{state}</span>
          {seconds !== null && <span className="jp-FrevaGPT-card-seconds">{seconds}</span>}
        </button>
        <CopyButton text={() => run.code} label={trans.__('Copy code')} done={trans.__('Copied')} />
      </div>
      <div id={bodyId} hidden={!open} className="jp-FrevaGPT-card-code">
        {open && run.code && (
          <MarkdownText text={fenced(run.code, 'python')} whole={run.state !== 'writing'} />
        )}
      </div>
      {hasOutput && <Outputs run={run} label={trans.__('Output')} />}
    </div>
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

function CopyButton(props: { text: () => string; label: string; done: string }): JSX.Element {
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => {
    if (copied) {
      const timer = window.setTimeout(() => setCopied(false), 1500);
      return () => window.clearTimeout(timer);
    }
  }, [copied]);
  const label = copied ? props.done : props.label;
  return (
    <button
      className="jp-FrevaGPT-iconButton jp-FrevaGPT-copy"
      aria-label={label}
      title={label}
      onClick={() => {
        Clipboard.copyToSystem(props.text());
        setCopied(true);
      }}
    >
      <Icon icon={copied ? checkIcon : copyIcon} />
    </button>
  );
}

/** An icon that says nothing to a screen reader. */
export function Icon(props: { icon: LabIcon }): JSX.Element {
  return (
    <span className="jp-FrevaGPT-icon" aria-hidden="true">
      <props.icon.react tag={null} width="16px" height="16px" />
    </span>
  );
}
