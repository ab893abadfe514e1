/** The conversation, scrolled along with what comes while its end is in view. */

import * as React from 'react';

import { lastTurn } from '../model/ending';
import type { Entry } from '../model/entry';
import { Activity } from './activity';
import { Boundary } from './boundary';
import { Card } from './card';
import { AnswerItem, NoticeItem, ProblemItem, QuestionItem } from './items';
import { useParts, useSignals } from './parts';
import { Foot } from './sent';
import { ToolItem } from './toolitem';
import { TurnEnd } from './turnend';

/** How many entries of a long thread are shown at first, and added at a time. */
const STEP = 50;

/** How near to the end, in pixels, counts as being there. */
const NEAR = 40;

/** All entries of the conversation, or the last of many. */
export function Log(): JSX.Element {
  const { conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  const transcript = conversation.transcript;
  useSignals(true, transcript.grew);
  const entries = transcript.entries;
  const questions = transcript.questions;
  const latest = lastTurn(entries);
  const scroller = React.useRef<HTMLDivElement>(null);
  const content = React.useRef<HTMLDivElement>(null);
  const toEnd = useFollowing(scroller, content);
  const [first, setFirst] = React.useState(0);

  const loading = conversation.status === 'loading';
  React.useLayoutEffect(() => {
    setFirst(Math.max(0, transcript.entries.length - STEP));
  }, [transcript, loading]);
  React.useLayoutEffect(toEnd, [transcript, questions, loading, toEnd]);

  return (
    <div ref={scroller} className="jp-FrevaGPT-log" tabIndex={0} aria-label={trans.__('Conversation')}>
      <div ref={content} className="jp-FrevaGPT-items">
        {first > 0 && (
          <button
            className="jp-FrevaGPT-more jp-FrevaGPT-earlier"
            onClick={() => setFirst(Math.max(0, first - STEP))}
          >
            {trans.__('Show earlier')}
          </button>
        )}
        <div role="list">
          {entries.slice(first).map((entry, at) => (
            <div
              role="listitem"
              key={entry.key}
              className="jp-FrevaGPT-item"
              data-kind={entry.kind}
            >
              <Boundary message={trans.__('This part cannot be shown.')}>
                <Item
                  entry={entry}
                  final={isLastAnswer(entries, first + at)}
                  last={latest.includes(entry)}
                />
              </Boundary>
            </div>
          ))}
        </div>
        {conversation.alert && (
          <div className="jp-FrevaGPT-problem jp-FrevaGPT-alert" role="alert">
            {conversation.alert}
          </div>
        )}
        <TurnEnd />
        <Activity />
      </div>
    </div>
  );
}

function Item(props: { entry: Entry; final: boolean; last: boolean }): JSX.Element | null {
  const { entry } = props;
  switch (entry.kind) {
    case 'question':
      return <QuestionItem question={entry} />;
    case 'answer':
      return <AnswerItem answer={entry} final={props.final} last={props.final && props.last} />;
    case 'run':
      return <Card run={entry} />;
    case 'tool':
      return <ToolItem tool={entry} />;
    case 'problem':
      return <ProblemItem problem={entry} />;
    case 'notice':
      return <NoticeItem notice={entry} />;
    case 'usage':
      return <Foot usage={entry} />;
  }
}

/** Whether no other answer follows in the same turn: that one carries the model's note. */
function isLastAnswer(entries: readonly Entry[], at: number): boolean {
  if (entries[at].kind !== 'answer') {
    return false;
  }
  for (let next = at + 1; next < entries.length && entries[next].kind !== 'question'; next++) {
    if (entries[next].kind === 'answer') {
      return false;
    }
  }
  return true;
}

/** Keep the end in view while the user has it in view; return a function that goes there. */
function useFollowing(
  scroller: React.RefObject<HTMLDivElement>,
  content: React.RefObject<HTMLDivElement>
): () => void {
  const following = React.useRef(true);
  React.useEffect(() => {
    const outer = scroller.current;
    const inner = content.current;
    if (!outer || !inner) {
      return;
    }
    let height = outer.scrollHeight;
    const scrolled = (): void => {
      // growth alone also moves the end away: only the user's own scrolling decides
      if (outer.scrollHeight === height || atEnd(outer)) {
        following.current = atEnd(outer);
      }
      height = outer.scrollHeight;
    };
    const grown = new ResizeObserver(() => {
      if (following.current) {
        outer.scrollTop = outer.scrollHeight;
      }
      height = outer.scrollHeight;
    });
    outer.addEventListener('scroll', scrolled, { passive: true });
    grown.observe(inner);
    grown.observe(outer);
    return () => {
      outer.removeEventListener('scroll', scrolled);
      grown.disconnect();
    };
  }, [scroller, content]);
  return React.useCallback(() => {
    following.current = true;
    if (scroller.current) {
      scroller.current.scrollTop = scroller.current.scrollHeight;
    }
  }, [scroller]);
}

function atEnd(element: HTMLElement): boolean {
  return element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
}
