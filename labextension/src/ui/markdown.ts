/** A growing Markdown text in the page: only the blocks that changed are rendered again, a few at a time. */

import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

import { splitBlocks, splitWhole } from '../model/blocks';

const TYPE = 'text/markdown';

/** How long one task may render, in milliseconds, before the page gets its turn. */
const SLICE = 12;

/** How long a growing text stays as it is shown, in milliseconds: a stream may bring a hundred pieces a second. */
const CALM = 50;

/** What share of the time may be spent on rendering while it grows. */
const SHARE = 0.25;

/** How many characters are searched for formulas in one task. */
const GROUP = 1000;

/** What may be a formula. */
const FORMULA = /\$|\\[([]|\\begin\{/;

/** Formulas are left to the view: each search for them has the whole page laid out. */
const NO_FORMULAS: IRenderMime.ILatexTypesetter = { typeset: () => undefined };

/** Blocks whose formulas are typeset together. */
class Group {
  constructor(parent: HTMLElement) {
    this.node.className = 'jp-FrevaGPT-blocks';
    parent.append(this.node);
  }

  get full(): boolean {
    return this.blocks.reduce((sum, block) => sum + block.length, 0) >= GROUP;
  }

  readonly node = document.createElement('div');
  readonly blocks: Block[] = [];
}

/** One rendered block. */
class Block {
  constructor(
    private readonly _rendermime: IRenderMimeRegistry,
    readonly group: Group
  ) {
    this._renderer = _rendermime.createRenderer(TYPE);
    Widget.attach(this._renderer, group.node);
    group.blocks.push(this);
  }

  get length(): number {
    return this._text?.length ?? 0;
  }

  shows(text: string): boolean {
    return text === this._text;
  }

  async render(text: string): Promise<void> {
    this._text = text;
    const model = this._rendermime.createModel({ data: { [TYPE]: text }, trusted: false });
    await this._renderer.renderModel(model);
  }

  dispose(): void {
    if (this._renderer.isAttached && this._renderer.node.isConnected) {
      Widget.detach(this._renderer);
    }
    this._renderer.dispose();
    const { blocks, node } = this.group;
    blocks.splice(blocks.indexOf(this), 1);
    if (!blocks.length) {
      node.remove();
    }
  }

  private _renderer: IRenderMime.IRenderer;
  private _text: string | null = null;
}

/** Shows one text inside a host element, which must be in the page. */
export class MarkdownView {
  /** `finish` adds something to a text that is whole, and returns what takes it away. */
  constructor(
    rendermime: IRenderMimeRegistry,
    private readonly _host: HTMLElement,
    private readonly _finish?: (node: HTMLElement) => () => void
  ) {
    this._typesetter = rendermime.latexTypesetter;
    this._rendermime = rendermime.clone({ latexTypesetter: NO_FORMULAS });
  }

  /** Show a text soon; `whole` when it will not grow any more. */
  show(text: string, whole: boolean): void {
    if (text === this._text && whole === this._whole) {
      return;
    }
    this._text = text;
    this._whole = whole;
    this._changed = true;
    this._soon();
  }

  dispose(): void {
    this._disposed = true;
    if (this._frame !== null) {
      window.cancelAnimationFrame(this._frame);
    }
    window.clearTimeout(this._timer);
    this._unfinish();
    this._blocks.forEach(block => block.dispose());
    this._blocks = [];
  }

  private _soon(): void {
    if (this._frame !== null || this._busy) {
      return;
    }
    const wait = this._whole ? 0 : this._next - performance.now();
    window.clearTimeout(this._timer);
    if (wait > 0) {
      this._timer = window.setTimeout(() => this._soon(), wait);
      return;
    }
    this._frame = window.requestAnimationFrame(() => {
      this._frame = null;
      this._busy = true;
      const began = performance.now();
      this._render()
        .catch(console.warn)
        .finally(() => {
          this._busy = false;
          const now = performance.now();
          this._next = now + Math.max(CALM, (now - began) * (1 / SHARE - 1));
          if (this._changed && !this._disposed) {
            this._soon();
          }
        });
    });
  }

  /** Render what changed; a text that grows meanwhile is shown by the next round. */
  private async _render(): Promise<void> {
    const whole = this._whole;
    this._changed = false;
    this._unfinish();
    const texts = whole ? splitWhole(this._text) : splitBlocks(this._text);
    while (this._blocks.length > texts.length) {
      this._blocks.pop()?.dispose();
    }
    let formulas = false;
    let began = performance.now();
    for (const [at, text] of texts.entries()) {
      const block = (this._blocks[at] ??= this._block());
      if (!block.shows(text)) {
        await block.render(text).catch(console.warn);
        formulas ||= FORMULA.test(text);
      }
      if (this._disposed) {
        return;
      }
      const next = this._blocks[at + 1];
      const last = next ? next.group !== block.group : block.group.full || at === texts.length - 1;
      if (formulas && last) {
        formulas = false;
        await this._typeset(block.group.node);
      }
      if (performance.now() - began > SLICE) {
        await turn();
        began = performance.now();
      }
    }
    if (whole && this._finish && !this._changed && !this._disposed) {
      this._added = this._finish(this._host);
    }
  }

  private _block(): Block {
    const last = this._blocks.at(-1)?.group;
    return new Block(this._rendermime, last && !last.full ? last : new Group(this._host));
  }

  private async _typeset(node: HTMLElement): Promise<void> {
    await Promise.resolve(this._typesetter?.typeset(node)).catch(console.warn);
  }

  private _unfinish(): void {
    this._added?.();
    this._added = null;
  }

  private readonly _rendermime: IRenderMimeRegistry;
  private readonly _typesetter: IRenderMime.ILatexTypesetter | null;
  private _text = '';
  private _whole = false;
  private _changed = false;
  private _busy = false;
  private _next = -Infinity;
  private _frame: number | null = null;
  private _timer = 0;
  private _blocks: Block[] = [];
  private _added: (() => void) | null = null;
  private _disposed = false;
}

/** Let the page do what else it has to. */
function turn(): Promise<void> {
  return new Promise(resolve => window.setTimeout(resolve));
}
