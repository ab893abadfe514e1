/** The question whether code may run: its reasons in words, and the three answers. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Decision } from '../api/review';
import type { Approval, IAsking, IDecided, IWhy } from '../model/approval';
import { useFocusKept } from './focus';
import { useParts, useSignals } from './parts';

/** What was decided, in words. */
export function decidedText(decided: IDecided, trans: TranslationBundle): string {
  switch (decided.decision) {
    case 'once':
      return trans.__('You ran it once');
    case 'thread':
      return trans.__('You allowed it in this chat');
    case 'deny':
      return decided.reason ? trans.__('Denied: %1', decided.reason) : trans.__('Denied');
  }
}

/** A kind of reason, as one word to glance at. */
function kindText(kind: string, trans: TranslationBundle): string {
  const known: Record<string, string> = {
    browser: trans.__('browser'),
    drops: trans.__('deletes names'),
    dynamic: trans.__('hidden code'),
    exit: trans.__('ends the kernel'),
    files: trans.__('files'),
    installs: trans.__('installs'),
    loopback: trans.__('this server'),
    memory: trans.__('memory'),
    mutates: trans.__('changes data'),
    network: trans.__('network'),
    notebook: trans.__('notebook'),
    persistence: trans.__('lasting'),
    processes: trans.__('processes'),
    rebinds: trans.__('new values'),
    secrets: trans.__('secrets'),
    unknown: trans.__('unknown'),
    writes: trans.__('writes')
  };
  return Object.hasOwn(known, kind) ? known[kind] : kind.replace(/[_-]+/g, ' ');
}

/** Everything below the code of a run that waits; it never takes the focus. */
export function ApprovalBox(props: {
  run: IAsking;
  approval: Approval;
  title?: string;
  once?: string;
}): JSX.Element {
  const { run, approval } = props;
  const { conversation, calls, trans } = useParts();
  useSignals(false, approval.changed, conversation.changed);
  const [reason, setReason] = React.useState('');
  const box = useFocusKept<HTMLDivElement>();
  const titleId = `jp-FrevaGPT-${approval.key}`;
  const answerable = approval.open && conversation.status !== 'stopping';
  const answer = (decision: Decision): void => {
    if (answerable) {
      calls.decide(run, decision, decision === 'deny' ? reason : '').catch(console.error);
    }
  };
  const button = (name: string, decision: Decision, label: string): JSX.Element => (
    <button
      className={`jp-FrevaGPT-button ${name}`}
      aria-disabled={!answerable}
      data-sent={approval.sent === decision ? 'true' : undefined}
      onClick={() => answer(decision)}
    >
      {label}
    </button>
  );
  return (
    <div ref={box} className="jp-FrevaGPT-approval" role="group" aria-labelledby={titleId}>
      <div id={titleId} className="jp-FrevaGPT-approval-title">
        {props.title ?? trans.__('May this code run?')}
      </div>
      <Reasons reasons={approval.reasons} />
      {approval.unseen && (
        <p className="jp-FrevaGPT-approval-warning">
          {trans.__('The code holds characters that are not visible: it may do something else than it seems to.')}
        </p>
      )}
      {approval.source && (
        <p className="jp-FrevaGPT-approval-warning">
          {trans.__('This turn has read text from outside: %1', approval.source)}
        </p>
      )}
      <div className="jp-FrevaGPT-answers">
        {button('jp-FrevaGPT-approve-once', 'once', props.once ?? trans.__('Run once'))}
        {approval.standing &&
          button('jp-FrevaGPT-approve-thread', 'thread', trans.__('Allow in this chat'))}
        <span className="jp-FrevaGPT-denial">
          <input
            className="jp-FrevaGPT-deny-reason"
            type="text"
            maxLength={1000}
            value={reason}
            readOnly={!answerable}
            aria-label={trans.__('Reason for denying, if you like')}
            placeholder={trans.__('Reason (optional)')}
            onChange={event => setReason(event.target.value)}
            onKeyDown={event => {
              if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
                event.preventDefault();
                event.stopPropagation();
                answer('deny');
              }
            }}
          />
          {button('jp-FrevaGPT-deny', 'deny', trans.__('Deny'))}
        </span>
      </div>
      <Trouble approval={approval} />
    </div>
  );
}

function Reasons(props: { reasons: readonly IWhy[] }): JSX.Element {
  const { trans } = useParts();
  if (!props.reasons.length) {
    return (
      <p className="jp-FrevaGPT-reasons">{trans.__('All code is shown here before it runs.')}</p>
    );
  }
  return (
    <ul className="jp-FrevaGPT-reasons" aria-label={trans.__('Reasons')}>
      {props.reasons.map((reason, at) => (
        <li key={at} className="jp-FrevaGPT-reason" data-asks={reason.asks}>
          {reason.kind && (
            <span className="jp-FrevaGPT-reason-kind">{kindText(reason.kind, trans)}</span>
          )}
          <span>
            {reason.text}
            {reason.line !== null && (
              <span className="jp-FrevaGPT-reason-line"> {trans.__('Line %1', reason.line)}</span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Trouble(props: { approval: Approval }): JSX.Element | null {
  const { approval } = props;
  const { trans } = useParts();
  if (!approval.error) {
    return null;
  }
  return (
    <div className="jp-FrevaGPT-problem" role="alert">
      {approval.over
        ? trans.__('This was answered already, or stopped.')
        : trans.__('The answer could not be sent: %1', approval.error)}
    </div>
  );
}
