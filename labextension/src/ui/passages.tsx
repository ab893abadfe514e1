/** The passages that a search in documents found; each can be opened, and is when an answer's number is clicked. */

import * as React from 'react';

import type { ToolUse } from '../model/entry';
import type { IPassage, IPassages } from '../model/passages';
import { MarkdownText } from './markdowntext';
import { useParts } from './parts';

/** The list. */
export function Passages(props: { tool: ToolUse; found: IPassages }): JSX.Element {
  const { tool, found } = props;
  const { trans } = useParts();
  return (
    <div className="jp-FrevaGPT-passages">
      <div className="jp-FrevaGPT-passages-way">
        {found.found.length
          ? found.way === 'full text'
            ? trans.__('Found by their words')
            : trans.__('Found by meaning and words')
          : trans.__('Nothing was found')}
      </div>
      <ol>
        {found.found.map(passage => (
          <Passage key={passage.number} tool={tool} passage={passage} />
        ))}
      </ol>
    </div>
  );
}

function Passage(props: { tool: ToolUse; passage: IPassage }): JSX.Element {
  const { tool, passage } = props;
  const { trans } = useParts();
  const [open, setOpen] = React.useState(false);
  const toggle = React.useRef<HTMLButtonElement>(null);
  const { opened } = tool;
  React.useEffect(() => {
    if (opened?.number === passage.number) {
      setOpen(true);
      toggle.current?.scrollIntoView?.({ block: 'nearest' });
      toggle.current?.focus();
    }
  }, [opened, passage.number]);
  const bodyId = `jp-FrevaGPT-passage-${tool.key}-${passage.number}`;
  const name = passage.heading || passage.source;
  return (
    <li value={passage.number} data-number={passage.number}>
      <button
        ref={toggle}
        className="jp-FrevaGPT-passage-toggle"
        aria-expanded={open}
        aria-controls={bodyId}
        title={`${passage.title}: ${passage.source}`}
        onClick={() => setOpen(!open)}
      >
        <span className="jp-FrevaGPT-passage-number">{passage.number}</span>
        <span className="jp-FrevaGPT-passage-name">{name}</span>
      </button>
      <div id={bodyId} hidden={!open} className="jp-FrevaGPT-passage-text">
        {open && <MarkdownText text={passage.text} whole />}
        <div className="jp-FrevaGPT-passage-place">
          {trans.__('%1, %2, line %3', passage.title, passage.source, passage.position)}
        </div>
      </div>
    </li>
  );
}
