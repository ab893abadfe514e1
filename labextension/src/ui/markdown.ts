/** A growing Markdown text in the page: only the block that changed is rendered again. */

import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

import { splitBlocks } from '../model/blocks';

const TYPE = 'text/markdown';

/** One rendered block; asked again while it renders, it renders the latest text once more. */
class Block {
  constructor(
    private readonly _rendermime: IRenderMimeRegistry,
    parent: HTMLElement
  ) {
    this._renderer = _rendermime.createRenderer(TYPE);
    Widget.attach(this._renderer, parent);
  }

  get node(): HTMLElement {
    return this._renderer.node;
  }

  async render(text: string): Promise<void> {
    if (text === this._text) {
      return this._rendering;
    }
    this._text = text;
    if (!this._busy) {
      this._busy = true;
      this._rendering = this._work();
    }
    return this._rendering;
  }

  dispose(): void {
    if (this._renderer.isAttached && this._renderer.node.isConnected) {
      Widget.detach(this._renderer);
    }
    this._renderer.dispose();
  }

  private async _work(): Promise<void> {
    let shown: string | null = null;
    try {
      while (shown !== this._text && !this._renderer.isDisposed) {
        shown = this._text;
        const model = this._rendermime.createModel({ data: { [TYPE]: shown }, trusted: false });
        await this._renderer.renderModel(model);
      }
    } finally {
      this._busy = false;
    }
  }

  private _renderer: IRenderMime.IRenderer;
  private _text: string | null = null;
  private _busy = false;
  private _rendering: Promise<void> = Promise.resolve();
}

/** Shows one text inside a host element, which must be in the page. */
export class MarkdownView {
  /** `finish` adds something to a text that is whole, and returns what takes it away. */
  constructor(
    private readonly _rendermime: IRenderMimeRegistry,
    private readonly _host: HTMLElement,
    private readonly _finish?: (node: HTMLElement) => () => void
  ) {}

  /** Show a text soon; `whole` when it will not grow any more. */
  show(text: string, whole: boolean): void {
    this._text = text;
    this._whole = whole;
    this._frame ??= window.requestAnimationFrame(() => {
      this._frame = null;
      this._render().catch(console.warn);
    });
  }

  dispose(): void {
    if (this._frame !== null) {
      window.cancelAnimationFrame(this._frame);
    }
    this._unfinish();
    this._blocks.forEach(block => block.dispose());
    this._blocks = [];
    this._disposed = true;
  }

  private async _render(): Promise<void> {
    if (this._whole) {
      await this._renderWhole();
      return;
    }
    const texts = splitBlocks(this._text);
    while (this._blocks.length > texts.length) {
      this._blocks.pop()?.dispose();
    }
    texts.forEach((text, at) => {
      this._blocks[at] ??= new Block(this._rendermime, this._host);
      this._blocks[at].render(text).catch(console.warn);
    });
  }

  /** Render the text in one piece, for what spans blocks (references, loose lists), then put it in their place. */
  private async _renderWhole(): Promise<void> {
    const block = new Block(this._rendermime, this._host);
    const old = this._blocks;
    this._unfinish();
    this._blocks = [block];
    block.node.style.display = old.length ? 'none' : '';
    await block.render(this._text).finally(() => {
      old.forEach(one => one.dispose());
      block.node.style.display = '';
    });
    if (this._disposed) {
      block.dispose();
    } else if (this._finish && this._blocks[0] === block) {
      this._added = this._finish(block.node);
    }
  }

  private _unfinish(): void {
    this._added?.();
    this._added = null;
  }

  private _text = '';
  private _whole = false;
  private _frame: number | null = null;
  private _blocks: Block[] = [];
  private _added: (() => void) | null = null;
  private _disposed = false;
}
