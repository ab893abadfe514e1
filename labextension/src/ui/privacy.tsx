/** What leaves the machine and to whom, the user's choices about it, and their data. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Policy, Shown } from '../api/wishes';
import { POLICIES, SHOWN } from '../model/policy';
import { WORD } from '../model/privacy';
import { DocumentsPart } from './documents';
import { saved } from './download';
import { useParts, useSignals } from './parts';

/** Where questions go, in one sentence. */
export function Whereto(props: { button?: boolean }): JSX.Element | null {
  const { privacy, trans } = useParts();
  const { notice } = privacy;
  useSignals(false, notice.changed);
  const said = {
    unknown: '',
    inside: trans.__('This model works inside this server: nothing that you ask leaves it.'),
    here: trans.__('Your questions go to a model service on this machine (%1).', notice.host),
    elsewhere: trans.__('Your questions go to the model service %1.', notice.host)
  }[notice.place];
  if (!said) {
    return null;
  }
  return (
    <p className="jp-FrevaGPT-whereto">
      {said}{' '}
      {props.button && (
        <button
          className="jp-FrevaGPT-textButton"
          onClick={() => {
            privacy.open = true;
          }}
        >
          {trans.__('Privacy and data')}
        </button>
      )}
    </p>
  );
}

/** The notice before the first question to a model service. */
export function NoticeBox(): JSX.Element | null {
  const { conversation, draft, privacy, trans } = useParts();
  const { notice, bounds } = privacy;
  useSignals(false, notice.changed, bounds.changed, privacy.changed);
  const { pressing } = notice;
  const button = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => {
    if (pressing) {
      button.current?.focus();
    }
  }, [pressing]);
  if (!notice.needed || privacy.open) {
    return null;
  }
  const agree = async (): Promise<void> => {
    await notice.acknowledge();
    draft.focus();
    if (pressing && draft.text.trim()) {
      const { text, chips } = draft.take();
      await conversation.send(text, chips);
    }
  };
  const title = trans.__('Before your first question to %1', notice.host);
  return (
    <div className="jp-FrevaGPT-leaving" role="group" aria-label={title} data-pressing={pressing}>
      <strong>{title}</strong>
      <p>
        {trans.__(
          'Your question, this chat, the code, and what the code prints and shows are sent to %1.',
          notice.host
        )}{' '}
        {aboutVariables(bounds.variables, trans)}{' '}
        {trans.__('What is recognised as a secret is taken out; do not rely on it.')}
      </p>
      <div className="jp-FrevaGPT-leaving-buttons">
        <button
          ref={button}
          className="jp-FrevaGPT-button jp-FrevaGPT-agree"
          onClick={() => {
            agree().catch(console.error);
          }}
        >
          {pressing ? trans.__('I have read this: send') : trans.__('I have read this')}
        </button>
        <button
          className="jp-FrevaGPT-button jp-FrevaGPT-choose"
          onClick={() => {
            privacy.open = true;
          }}
        >
          {trans.__('Choose what is sent')}
        </button>
      </div>
      <span className="jp-FrevaGPT-heard" role="status">
        {pressing ? trans.__('Your question waits until you have read this.') : ''}
      </span>
    </div>
  );
}

/** The page on privacy. */
export function PrivacyPane(): JSX.Element {
  const { privacy, trans } = useParts();
  const { bounds, notice } = privacy;
  useSignals(false, privacy.changed, bounds.changed, notice.changed);
  const back = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => back.current?.focus(), []);
  return (
    <div
      className="jp-FrevaGPT-privacy"
      role="region"
      aria-label={trans.__('Privacy and data')}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          privacy.open = false;
        }
      }}
    >
      <button
        ref={back}
        className="jp-FrevaGPT-button jp-FrevaGPT-back"
        onClick={() => {
          privacy.open = false;
        }}
      >
        {trans.__('Back to the chat')}
      </button>
      <h2>{trans.__('What is sent')}</h2>
      <Whereto />
      <PolicyChoice />
      <VariablesChoice />
      {bounds.overruled && (
        <p className="jp-FrevaGPT-notice" role="status">
          {trans.__('Your settings ask for less care than this server allows: what your administrator set counts.')}
        </p>
      )}
      <DocumentsPart />
      <h2>{trans.__('Help with faults')}</h2>
      <p>
        {trans.__(
          'A file for who helps you: versions, names of settings, counts and kinds of errors. It holds nothing that you ' +
            'asked, no address and no key.'
        )}
      </p>
      <button
        className="jp-FrevaGPT-button jp-FrevaGPT-diagnostics"
        aria-disabled={privacy.working}
        onClick={() => {
          privacy.diagnose(text => saved('frevagpt-diagnostics.json', text)).catch(console.error);
        }}
      >
        {trans.__('Download diagnostics')}
      </button>
      <DeleteAll />
    </div>
  );
}

function PolicyChoice(): JSX.Element {
  const { privacy, trans } = useParts();
  const { bounds, choices } = privacy;
  const id = React.useId();
  const { site } = bounds;
  const fixed = !!site?.fixed.includes('policy');
  const wanted = choices.policy && bounds.allows(choices.policy) ? choices.policy : '';
  return (
    <div className="jp-FrevaGPT-choice">
      <label htmlFor={id}>{trans.__('Code in your kernels')}</label>
      <select
        id={id}
        disabled={fixed}
        aria-describedby={`${id}-hint`}
        value={wanted}
        onChange={event => {
          choices.choosePolicy((event.target.value || null) as Policy | null).catch(console.error);
        }}
      >
        <option value="">
          {site
            ? trans.__('As this server has it: %1', policyName(site.policy, trans))
            : trans.__('As this server has it')}
        </option>
        {POLICIES.map(policy => (
          <option key={policy} value={policy} disabled={!bounds.allows(policy)}>
            {bounds.allows(policy)
              ? policyName(policy, trans)
              : trans.__('%1 (set by your administrator)', policyName(policy, trans))}
          </option>
        ))}
      </select>
      <span id={`${id}-hint`} className="jp-FrevaGPT-hint">
        {fixed ? trans.__('Set by your administrator') : trans.__('You can ask for more care than this server, not less.')}
      </span>
    </div>
  );
}

function VariablesChoice(): JSX.Element {
  const { privacy, trans } = useParts();
  const { bounds, choices } = privacy;
  const id = React.useId();
  const fixed = !!bounds.site?.fixed.includes('variables');
  return (
    <div className="jp-FrevaGPT-choice">
      <label htmlFor={id}>{trans.__('What the model is told of your variables')}</label>
      <select
        id={id}
        disabled={fixed}
        aria-describedby={`${id}-hint`}
        value={bounds.variables}
        onChange={event => {
          choices.chooseVariables(event.target.value as Shown).catch(console.error);
        }}
      >
        {SHOWN.map(shown => (
          <option key={shown} value={shown} disabled={!bounds.allowsVariables(shown)}>
            {shownName(shown, trans)}
          </option>
        ))}
      </select>
      <span id={`${id}-hint`} className="jp-FrevaGPT-hint">
        {fixed
          ? trans.__('Set by your administrator')
          : trans.__('What code prints and shows is sent in any case.')}
      </span>
    </div>
  );
}

function DeleteAll(): JSX.Element {
  const { privacy, trans } = useParts();
  const [word, setWord] = React.useState('');
  const id = React.useId();
  const ready = word.trim() === WORD && !privacy.working;
  const remove = (): void => {
    if (ready) {
      setWord('');
      privacy.deleteAll(word).catch(console.error);
    }
  };
  return (
    <>
      <h2>{trans.__('Delete all my data')}</h2>
      <p>
        {trans.__(
          'All your chats go, with the files that their code wrote into folders of their own. What runs is stopped. This ' +
            'cannot be undone. Your notebooks and files stay; so does a record of executed code, if your site keeps one.'
        )}
      </p>
      <div className="jp-FrevaGPT-choice">
        <label htmlFor={id}>{trans.__('Type %1 to confirm', WORD)}</label>
        <input
          id={id}
          type="text"
          autoComplete="off"
          spellCheck={false}
          value={word}
          onChange={event => setWord(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
              remove();
            }
          }}
        />
        <button className="jp-FrevaGPT-button jp-FrevaGPT-deleteAll" aria-disabled={!ready} onClick={remove}>
          {trans.__('Delete all my data')}
        </button>
      </div>
      <p role="status">{privacy.told}</p>
      {privacy.error && (
        <div className="jp-FrevaGPT-problem" role="alert">
          {privacy.error}
        </div>
      )}
    </>
  );
}

function aboutVariables(shown: Shown, trans: TranslationBundle): string {
  return {
    values: trans.__('So is a short list of your variables, with names, types and beginnings of values.'),
    names: trans.__('So is a short list of your variables, with names and types but no values.'),
    nothing: trans.__('Nothing else is told of your variables.')
  }[shown];
}

function policyName(policy: Policy, trans: TranslationBundle): string {
  return {
    run: trans.__('runs unasked'),
    'ask-when-risky': trans.__('asks unless it is known to be harmless'),
    ask: trans.__('always asks'),
    suggest: trans.__('never runs, is only suggested')
  }[policy];
}

function shownName(shown: Shown, trans: TranslationBundle): string {
  return {
    values: trans.__('names, types and beginnings of values'),
    names: trans.__('names and types'),
    nothing: trans.__('nothing')
  }[shown];
}
