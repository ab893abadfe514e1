/** The entries of a conversation, but for code: what was asked, answered, looked up and noticed. */

import * as React from 'react';

import type { Answer, Notice, Problem, Question } from '../model/entry';
import { cited } from '../model/passages';
import { SentChips } from './chips';
import { linkCitations } from './citations';
import { EditButton, EditQuestion } from './editquestion';
import { AnswerActions } from './feedback';
import { MarkdownText } from './markdowntext';
import { useParts, useSignals } from './parts';

/** What the user asked, as typed; or the box to ask it in other words. */
export function QuestionItem(props: { question: Question }): JSX.Element {
  const { question } = props;
  const { again } = useParts();
  useSignals(false, again.changed, question.changed);
  if (again.editing === question) {
    return <EditQuestion question={question} />;
  }
  return (
    <div className="jp-FrevaGPT-asking">
      {question.typed && <EditButton question={question} />}
      <div className="jp-FrevaGPT-question">
        {question.text}
        <SentChips chips={question.chips} />
      </div>
    </div>
  );
}

/** What the model wrote; `final` in its turn, it carries the model's note; `last` in the chat, more can be done. */
export function AnswerItem(props: { answer: Answer; final: boolean; last: boolean }): JSX.Element {
  const { answer } = props;
  const { catalogue, conversation, trans } = useParts();
  useSignals(true, answer.changed, catalogue.changed);
  const model = catalogue.named(answer.model);
  const finish = React.useCallback(
    (node: HTMLElement) =>
      linkCitations(node, number => {
        const found = cited(conversation.transcript.entries, answer, number);
        return (
          found && {
            label: trans.__('Passage %1: %2', number, found.passage.heading || found.passage.source),
            open: () => found.tool.open(number)
          }
        );
      }),
    [answer, conversation, trans]
  );
  return (
    <>
      <MarkdownText
        className="jp-FrevaGPT-answer"
        text={answer.text}
        whole={answer.finished}
        tools
        finish={finish}
      />
      {props.final && answer.finished && model?.note && (
        <div className="jp-FrevaGPT-note">{`${model.name}: ${model.note}`}</div>
      )}
      {answer.finished && <AnswerActions answer={answer} final={props.final} last={props.last} />}
    </>
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
