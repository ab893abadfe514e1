/** A thread as one Markdown text, its figures in it. */

import type * as nbformat from '@jupyterlab/nbformat';

import type { Entry, Question } from '../entry';
import type { CodeRun } from '../run';
import { fenced, harmless, inline, quoted, readable, toldOf, type IChat, type ITools } from './chat';
import { joined, outputsOf, uncoloured } from './outputs';

/** Return the text. */
export function toMarkdown(chat: IChat, tools: ITools): string {
  const { trans, now } = tools;
  const dates = [
    chat.date && trans.__('Last question asked on %1.', readable(chat.date)),
    trans.__('Exported from FrevaGPT on %1.', readable(now()))
  ];
  const parts = [
    `# ${inline(chat.topic)}`,
    `*${dates.filter(Boolean).join(' ')}*`,
    ...chat.transcript.entries.map(entry => partOf(entry, tools))
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function partOf(entry: Entry, tools: ITools): string {
  const { trans } = tools;
  switch (entry.kind) {
    case 'question':
      return questionOf(entry, tools);
    case 'answer':
      return harmless(entry.text);
    case 'run':
      return runOf(entry, tools);
    case 'tool':
      return `*${trans.__('Looked up with %1.', inline(entry.name))}*`;
    case 'notice':
    case 'problem':
      return `*${inline(entry.text)}*`;
    case 'usage':
      return '';
  }
}

function askerOf(question: Question, { trans }: ITools): string {
  return question.typed ? trans.__('You') : question.rerun ? trans.__('Once more') : trans.__('Another program');
}

function questionOf(question: Question, tools: ITools): string {
  const { trans } = tools;
  const names = question.chips.map(chip => inline(chip.name)).join(', ');
  return [
    '---',
    `**${askerOf(question, tools)}**`,
    quoted(harmless(question.text)),
    names && trans.__('Sent along: %1', names),
    `**${question.typed && question.model ? inline(question.model) : trans.__('FrevaGPT')}**`
  ]
    .filter(Boolean)
    .join('\n\n');
}

function runOf(run: CodeRun, tools: ITools): string {
  const outputs = outputsOf(run.outputs ?? [], tools.clean).map(output => textOf(output, tools));
  return [fenced(run.code, 'python'), `*${toldOf(run.state, tools.trans).text}*`, ...outputs]
    .filter(Boolean)
    .join('\n\n');
}

function textOf(output: nbformat.IOutput, tools: ITools): string {
  if (output.output_type === 'stream') {
    return fenced(uncoloured(joined(output.text)), 'text');
  }
  if (output.output_type === 'error') {
    const lines = joined([output.traceback].flat().map(line => `${joined(line)}\n`));
    return fenced(uncoloured(lines || `${joined(output.ename)}: ${joined(output.evalue)}`), 'text');
  }
  const data = output.data as nbformat.IMimeBundle;
  const image = Object.keys(data).find(type => type.startsWith('image/'));
  if (image) {
    const alt = tools.trans.__('Figure');
    return `![${alt}](data:${image};base64,${joined(data[image]).replace(/\s+/g, '')})`;
  }
  const markdown = joined(data['text/markdown']) || joined(data['text/latex']);
  return markdown || fenced(joined(data['text/plain']), 'text');
}
