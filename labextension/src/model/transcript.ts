/** A conversation's entries, built from the variants of a stream or of a stored thread alike. */

import { Signal, type ISignal } from '@lumino/signaling';

import { RUN_STATES, type IHint, type Variant } from '../api/variants';
import { Answer, Notice, Problem, Question, ToolUse, Usage, type Entry } from './entry';
import { isHeartbeat, isOpening } from './fold';
import { CodeRun } from './run';

/** How long the lines that were missed take to arrive, in milliseconds. */
const CATCHING_UP = 1000;

/** Grows by one variant at a time; an image or an output finds its code by id, wherever it stands. */
export class Transcript {
  /** The transcript of a stored thread. */
  static of(items: Iterable<Variant>): Transcript {
    const transcript = new Transcript();
    for (const item of items) {
      transcript.add(item);
    }
    transcript.close(false);
    return transcript;
  }

  constructor(private readonly _now: () => number = Date.now) {}

  get entries(): readonly Entry[] {
    return this._entries;
  }

  /** How many questions there are. */
  get questions(): number {
    return this._entries.filter(entry => entry.kind === 'question').length;
  }

  /** Whether code ran to its end. */
  get ranCode(): boolean {
    return this._entries.some(entry => entry.kind === 'run' && entry.state === 'done');
  }

  /** An entry was added; what changes inside an entry is told by the entry. */
  get grew(): ISignal<this, void> {
    return this._grew;
  }

  /** The run that waits for the user's decision. */
  get pending(): CodeRun | null {
    return this._pending;
  }

  /** Another run waits for the user's decision, or none any more. */
  get waits(): ISignal<this, void> {
    return this._waits;
  }

  /** Remember what the user asked, and of which model. */
  ask(text: string, model: string): Question {
    this._model = model;
    const question = new Question(text, model);
    this._push(question);
    return question;
  }

  /** Take back a question that never reached the server. */
  unask(question: Question): void {
    this._entries = this._entries.filter(entry => entry !== question);
    this._grew.emit();
  }

  /** What comes next comes late, all at once: when it happened is not known. */
  catchUp(): void {
    this._lateUntil = this._now() + CATCHING_UP;
  }

  add(line: Variant): void {
    if (!isHeartbeat(line) && !isOpening(line)) {
      this._add(line);
      this._watch();
    }
  }

  /** End what the last turn left open. */
  close(stopped: boolean): void {
    this._text?.finish();
    this._text = null;
    this._code = null;
    for (const run of this._runs.values()) {
      run.close(stopped);
    }
    this._runs.clear();
    this._tools.clear();
    this._watch();
  }

  private _add(line: Variant): void {
    if (line.variant !== 'Assistant') {
      this._text?.finish();
      this._text = null;
    }
    if (line.variant !== 'Code') {
      this._code?.written();
      this._code = null;
    }
    switch (line.variant) {
      case 'User':
        this.close(false);
        this.ask(line.content, line.model ?? '');
        break;
      case 'Assistant':
        this._assistant(line.content);
        break;
      case 'Code':
        this._write(line.id, line.content);
        break;
      case 'CodeOutput':
        this._run(line.id).output(line.content, line.display, this._now());
        break;
      case 'Image':
        this._run(ownerOf(line.id)).picture(line.id, line.content);
        break;
      case 'ToolCall':
        this._tool(line.id, line.tool_name).write(line.content);
        break;
      case 'ToolOutput':
        this._tool(line.id, line.tool_name).answer(line.content);
        break;
      case 'ServerHint':
        this._hint(line.content);
        break;
      case 'ServerError':
      case 'OpenAIError':
        this._push(new Problem(line.content));
        break;
      case 'CodeError':
        this._push(new Problem([line.content].flat().join('\n')));
        break;
      case 'StreamEnd':
        this.close(line.content.startsWith('Stopped'));
        break;
    }
  }

  private _assistant(text: string): void {
    if (!this._text) {
      this._text = new Answer(this._model);
      this._text.append(text);
      this._push(this._text);
    } else {
      this._text.append(text);
    }
  }

  private _write(id: string, json: string): void {
    if (this._code && this._code.id !== id) {
      this._code.written();
    }
    this._code = this._run(id);
    this._code.write(json);
  }

  private _run(id: string): CodeRun {
    let run = this._runs.get(id);
    if (!run) {
      run = new CodeRun(id);
      this._runs.set(id, run);
      this._push(run);
    }
    return run;
  }

  private _tool(id: string, name: string): ToolUse {
    let tool = this._tools.get(id);
    if (!tool) {
      tool = new ToolUse(id, name);
      this._tools.set(id, tool);
      this._push(tool);
    }
    return tool;
  }

  private _hint(hint: IHint): void {
    if (hint.run && RUN_STATES.includes(hint.run.state)) {
      const now = this._now();
      const seen = now >= this._lateUntil;
      this._run(hint.run.id).move(hint.run.state, hint.run.kernel_id ?? '', now, seen);
    } else if (hint.output) {
      this._run(hint.output.id).print(hint.output.text);
    } else if (hint.notice) {
      this._push(new Notice(hint.notice.text));
    } else if (hint.usage) {
      this._push(new Usage(hint.usage));
    } else if (hint.approval?.code !== undefined) {
      this._run(hint.approval.call).ask(hint.approval);
    } else if (hint.approval) {
      this._past(hint.approval.call)?.decide(hint.approval);
    } else if (hint.changes) {
      this._past(hint.changes.id)?.change(hint.changes);
    }
  }

  /** The run of that call, also of an earlier turn: what is undone later is told behind the turn's end. */
  private _past(id: string): CodeRun | undefined {
    const open = this._runs.get(id);
    if (open) {
      return open;
    }
    for (let at = this._entries.length - 1; at >= 0; at--) {
      const entry = this._entries[at];
      if (entry.kind === 'run' && entry.id === id) {
        return entry;
      }
    }
  }

  private _watch(): void {
    const waiting = [...this._runs.values()].find(run => run.approval) ?? null;
    if (waiting !== this._pending) {
      this._pending = waiting;
      this._waits.emit();
    }
  }

  private _push(entry: Entry): void {
    this._entries = [...this._entries, entry];
    this._grew.emit();
  }

  private _entries: Entry[] = [];
  private _grew = new Signal<this, void>(this);
  private _pending: CodeRun | null = null;
  private _waits = new Signal<this, void>(this);
  private _model = '';
  private _lateUntil = 0;
  private _text: Answer | null = null;
  private _code: CodeRun | null = null;
  private _runs = new Map<string, CodeRun>();
  private _tools = new Map<string, ToolUse>();
}

/** An Image's id is that of its call, an underscore and a number. */
function ownerOf(imageId: string): string {
  return imageId.replace(/_\d+$/, '');
}
