/** The entries of a conversation, but for code: what was asked, answered, looked up and noticed. */

import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Answer, Notice, Problem, Question, ToolUse, Usage } from '../model/entry';
import { duration } from './card';
import { Icon } from './icon';
import { MarkdownText } from './markdowntext';
import { useParts, useSignals } from './parts';

/** What the user asked, as typed. */
export function QuestionItem(props: { question: Question }): JSX.Element {
  return <div className="jp-FrevaGPT-question">{props.question.text}</div>;
}

/** What the model wrote; `noted` shows its model's note. */
export function AnswerItem(props: { answer: Answer; noted: boolean }): JSX.Element {
  const { answer } = props;
  const { catalogue } = useParts();
  useSignals(true, answer.changed, catalogue.changed);
  const model = catalogue.named(answer.model);
  return (
    <>
      <MarkdownText
        className="jp-FrevaGPT-answer"
        text={answer.text}
        whole={answer.finished}
      />
      {props.noted && answer.finished && model?.note && (
        <div className="jp-FrevaGPT-note">{`${model.name}: ${model.note}`}</div>
      )}
    </>
  );
}

/** A call of a tool that runs no code. */
export function ToolItem(props: { tool: ToolUse }): JSX.Element {
  const { tool } = props;
  const { trans } = useParts();
  const [open, setOpen] = React.useState(false);
  useSignals(true, tool.changed);
  const bodyId = `jp-FrevaGPT-${tool.key}`;
  const finished = tool.output !== null;
  return (
    <div
      className="jp-FrevaGPT-card jp-FrevaGPT-tool"
      data-state={finished ? 'done' : 'running'}
      data-call-id={tool.id}
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
          <span className="jp-FrevaGPT-card-state">
            {finished
              ? trans.__('Used %1', readable(tool.name))
              : trans.__('Using %1', readable(tool.name))}
          </span>
        </button>
      </div>
      <div id={bodyId} hidden={!open} className="jp-FrevaGPT-tool-body">
        <pre>{tool.input}</pre>
        {finished && <pre className="jp-FrevaGPT-tool-output">{tool.output}</pre>}
      </div>
    </div>
  );
}

/** An error; read out at once. */
export function ProblemItem(props: { problem: Problem }): JSX.Element {
  return (
    <div className="jp-FrevaGPT-problem" role="alert">
      {props.problem.text}
    </div>
  );
}

/** A remark of the server's. */
export function NoticeItem(props: { notice: Notice }): JSX.Element {
  return <div className="jp-FrevaGPT-notice">{props.notice.text}</div>;
}

/** What the turn took. */
export function UsageItem(props: { usage: Usage }): JSX.Element | null {
  const { trans } = useParts();
  const { seconds, prompt_tokens, completion_tokens } = props.usage.usage;
  const tokens = (prompt_tokens ?? 0) + (completion_tokens ?? 0);
  const parts = [
    seconds !== undefined ? duration(seconds, 1) : '',
    tokens ? trans._n('%1 token', '%1 tokens', tokens) : ''
  ].filter(Boolean);
  if (!parts.length) {
    return null;
  }
  const title = tokens
    ? trans.__('%1 tokens read, %2 written', prompt_tokens ?? 0, completion_tokens ?? 0)
    : undefined;
  return (
    <div className="jp-FrevaGPT-usage" title={title}>
      {parts.join(' · ')}
    </div>
  );
}

function readable(name: string): string {
  return name.replace(/_/g, ' ');
}
