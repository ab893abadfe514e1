/** A thread as a notebook that can be run: what was said as Markdown cells, each run as a code cell. */

import type * as nbformat from '@jupyterlab/nbformat';

import type { Entry, Question } from '../entry';
import type { CodeRun } from '../run';
import { fenced, harmless, inline, quoted, readable, toldOf, type IChat, type ITools } from './chat';
import { outputsOf } from './outputs';

/** The kernel that a notebook asks for when it is opened. */
export interface ISpec {
  name: string;
  display_name: string;
  language: string;
}

type Cell = nbformat.IMarkdownCell | nbformat.ICodeCell;
type Notes = Record<string, string | number | boolean>;

/** Return the notebook; nothing in it is trusted, so that Lab shows no output of it that could act. */
export function toNotebook(chat: IChat, spec: ISpec, tools: ITools): nbformat.INotebookContent {
  return {
    cells: new Writer(chat, tools).cells(),
    metadata: {
      kernelspec: { ...spec },
      language_info: { name: spec.language },
      frevagpt: { thread_id: chat.id, topic: chat.topic, time: chat.date, exported: tools.now().toISOString() }
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}

class Writer {
  constructor(
    private readonly _chat: IChat,
    private readonly _tools: ITools
  ) {}

  cells(): Cell[] {
    this._head();
    this._chat.transcript.entries.forEach(entry => this._entry(entry));
    return this._cells;
  }

  private _head(): void {
    const { trans, now } = this._tools;
    const { topic, date } = this._chat;
    const lines = [`# ${inline(topic)}`, trans.__('A chat with FrevaGPT, exported on %1.', readable(now()))];
    if (date) {
      lines.push(trans.__('Its last question was asked on %1.', readable(date)));
    }
    lines.push(trans.__('The code was written by a language model: read it before you run it.'));
    this._text(lines.join('\n\n'), { part: 'head' });
  }

  private _entry(entry: Entry): void {
    const { trans } = this._tools;
    switch (entry.kind) {
      case 'question':
        this._question = entry;
        this._ask(entry);
        break;
      case 'answer':
        this._text(harmless(entry.text), { part: 'answer', model: entry.model });
        break;
      case 'run':
        this._run(entry);
        break;
      case 'tool':
        this._text(`*${trans.__('Looked up with %1.', inline(entry.name))}*`, { part: 'tool', tool: entry.name });
        break;
      case 'notice':
      case 'problem':
        this._text(`*${inline(entry.text)}*`, { part: entry.kind });
        break;
      case 'usage':
        break;
    }
  }

  private _ask(question: Question): void {
    const { trans } = this._tools;
    if (question.rerun) {
      this._text(`*${trans.__('Then the code above was run again.')}*`, { part: 'rerun' });
      return;
    }
    const names = question.chips.map(chip => inline(chip.name)).join(', ');
    const along = names && `\n\n${trans.__('Sent along: %1', names)}`;
    this._text(quoted(harmless(question.text)) + along, { part: 'question', model: question.model });
  }

  private _run(run: CodeRun): void {
    const { trans, clean } = this._tools;
    const { text, ran } = toldOf(run.state, trans);
    const notes: Notes = {
      part: 'run',
      time: this._chat.date,
      state: run.state,
      kernel_id: run.kernelId,
      model: this._question?.model ?? ''
    };
    if (this._question?.rerun) {
      this._text(`*${text}.*`, notes); // the code itself stands above
    } else if (!ran) {
      this._text(`*${text}.*\n\n${fenced(run.code, 'python')}`, notes);
    } else {
      this._cells.push({
        cell_type: 'code',
        id: this._id(),
        execution_count: null,
        // one that failed then does not end a run of all cells
        metadata: { frevagpt: told(notes), ...(run.state === 'failed' && { tags: ['raises-exception'] }) },
        outputs: outputsOf(run.outputs ?? [], clean),
        source: run.code
      });
    }
  }

  private _text(source: string, notes: Notes): void {
    this._cells.push({ cell_type: 'markdown', id: this._id(), metadata: { frevagpt: told(notes) }, source });
  }

  private _id(): string {
    return `frevagpt-${this._cells.length}`;
  }

  private _cells: Cell[] = [];
  private _question: Question | null = null;
}

/** What is known of it. */
function told(notes: Notes): Notes {
  return Object.fromEntries(Object.entries(notes).filter(([, value]) => value !== ''));
}
