/** A conversation's entries, built from the variants of a stream or of a stored thread alike. */

import { Signal, type ISignal } from '@lumino/signaling';

import { RUN_STATES, type IHint, type Variant } from '../api/variants';
import type { IAsking } from './approval';
import { chipsOf, type ISentChip } from './chips';
import { endingOf, type Ending } from './ending';
import { Answer, Notice, Problem, Question, ToolUse, Usage, type Entry } from './entry';
import { isHeartbeat, isOpening } from './fold';
import { Numbering } from './numbering';
import { Rating } from './rating';
import { CodeRun } from './run';

/** How long the lines that were missed take to arrive, in milliseconds. */
const CATCHING_UP = 1000;

/** Grows by one variant at a time; an image or an output finds its code by id, wherever it stands. */
export class Transcript {
  /** The transcript of a stored thread. */
  static of(items: Iterable<Variant>): Transcript {
    const transcript = new Transcript();
    for (const item of items) {
      transcript.add(item, true);
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

  /** Whether code ran to its end, here or where an imported chat comes from. */
  get ranCode(): boolean {
    return this._brought || this._entries.some(entry => entry.kind === 'run' && entry.went);
  }

  /** How the last turn ended. */
  get ending(): Ending {
    return endingOf(this._entries, this._reason);
  }

  /** An entry was added; what changes inside an entry is told by the entry. */
  get grew(): ISignal<this, void> {
    return this._grew;
  }

  /** The call that waits for the user's decision. */
  get pending(): IAsking | null {
    return this._pending;
  }

  /** Another run waits for the user's decision, or none any more. */
  get waits(): ISignal<this, void> {
    return this._waits;
  }

  /** Remember what the user asked, and of which model. */
  ask(text: string, model: string, chips: readonly ISentChip[] = []): Question {
    this._model = model;
    this._reason = '';
    this._numbering.divide();
    const question = new Question(text, model, chips);
    this._push(question);
    return question;
  }

  /** The server tells what it found of what the last question names. */
  attach(chips: readonly ISentChip[] | undefined): void {
    const last = this._entries[this._entries.length - 1];
    if (chips && last?.kind === 'question') {
      last.attach(chips);
    }
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

  /** Take a line of a stream, or a `whole` item of a stored thread. */
  add(line: Variant, whole = false): void {
    if (!isHeartbeat(line) && !isOpening(line)) {
      this._place = this._numbering.of(line, whole);
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
    this._tools.forEach(tool => tool.close());
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
        this.ask(line.content, line.model ?? '', chipsOf(line.context));
        break;
      case 'Assistant':
        this._assistant(line.content, line.feedback);
        break;
      case 'Code':
        this._write(line.id, line.content, line.feedback);
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
        this._tool(line.id, line.tool_name).answer(line.content, line.data);
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
        this._reason = line.content;
        this.close(line.content.startsWith('Stopped'));
        break;
    }
  }

  private _assistant(text: string, feedback: string | undefined): void {
    if (!this._text) {
      this._text = new Answer(this._model);
      this._text.rating = this._rating(feedback);
      this._text.append(text);
      this._push(this._text);
    } else {
      this._text.append(text);
    }
  }

  private _write(id: string, json: string, feedback: string | undefined): void {
    if (this._code && this._code.id !== id) {
      this._code.written();
    }
    this._code = this._run(id);
    this._code.rating ??= this._rating(feedback);
    this._code.write(json);
  }

  private _rating(feedback: string | undefined): Rating | null {
    return this._place === null ? null : new Rating(this._place, feedback);
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
      const run = this._run(hint.run.id);
      run.behind = hint.run.reason ?? '';
      run.move(hint.run.state, hint.run.kernel_id ?? '', now, seen);
    } else if (hint.output) {
      this._run(hint.output.id).print(hint.output.text);
    } else if (hint.progress) {
      this._tools.get(hint.progress.id)?.move(hint.progress.text);
    } else if (hint.notice) {
      this._brought ||= !!hint.notice.codes?.length;
      this._push(new Notice(hint.notice.text));
    } else if (hint.usage) {
      this._push(new Usage(hint.usage, this._model));
    } else if (hint.approval?.code !== undefined) {
      (this._tools.get(hint.approval.call) ?? this._run(hint.approval.call)).ask(hint.approval);
    } else if (hint.approval) {
      (this._tools.get(hint.approval.call) ?? this._past(hint.approval.call))?.decide(hint.approval);
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
    const calls: IAsking[] = [...this._runs.values(), ...this._tools.values()];
    const waiting = calls.find(call => call.approval) ?? null;
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
  private _pending: IAsking | null = null;
  private _waits = new Signal<this, void>(this);
  private _model = '';
  private _reason = '';
  private _brought = false;
  private _numbering = new Numbering();
  private _place: number | null = null;
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
