/** The panel as a widget of Lab's. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { DockPanel } from '@lumino/widgets';
import * as React from 'react';

import type { Transcript } from '../model/transcript';
import { frevaIcon } from './icons';
import { guardLinks } from './links';
import { Panel } from './panel';
import { PartsContext, type IPanelParts } from './parts';

/** Lives in a sidebar or in the main area; its tab tells when a decision is waited for. */
export class Sidebar extends ReactWidget {
  constructor(private readonly _parts: IPanelParts) {
    super();
    this.id = 'frevagpt:sidebar';
    this.addClass('jp-FrevaGPT');
    this.title.icon = frevaIcon;
    guardLinks(this.node, _parts.trans);
    _parts.conversation.changed.connect(this._watch);
    this._watch();
  }

  dispose(): void {
    this._parts.conversation.changed.disconnect(this._watch);
    this._transcript?.waits.disconnect(this._mark);
    super.dispose();
  }

  /** Whether it is a tab of the main area. */
  get inMain(): boolean {
    return this.parent instanceof DockPanel;
  }

  /** It has come to an area. */
  get placed(): ISignal<this, void> {
    return this._placed;
  }

  /** The user has closed its tab. */
  get closed(): ISignal<this, void> {
    return this._closed;
  }

  /** Have it added elsewhere: what is opened and typed in it stays, though a sidebar takes it out of the page first. */
  move(add: () => void): void {
    this._shifting = true;
    try {
      add();
    } finally {
      this._shifting = false;
    }
  }

  /** Mark the tab: an answer is there that nobody has seen. */
  set news(news: boolean) {
    this._news = news;
    this._mark();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    // Lab's sidebars show a label in place of the icon alone; when it restores the main area it sets neither
    this.title.label = this.inMain ? this._parts.trans.__('FrevaGPT') : '';
    this.title.closable = this.inMain;
    this.title.icon = frevaIcon.bindprops({ stylesheet: this.inMain ? 'mainAreaTab' : 'sideBar' });
    this._placed.emit();
  }

  protected onBeforeDetach(msg: Message): void {
    if (!this._shifting) {
      super.onBeforeDetach(msg);
    }
  }

  protected onCloseRequest(): void {
    this._closed.emit();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.news = false;
  }

  protected render(): JSX.Element {
    return (
      <PartsContext.Provider value={this._parts}>
        <Panel />
      </PartsContext.Provider>
    );
  }

  private readonly _watch = (): void => {
    const { transcript } = this._parts.conversation;
    if (transcript !== this._transcript) {
      this._transcript?.waits.disconnect(this._mark);
      this._transcript = transcript;
      transcript.waits.connect(this._mark);
      this._mark();
    }
  };

  private readonly _mark = (): void => {
    const { trans } = this._parts;
    const waits = !!this._transcript?.pending;
    this.title.className = waits ? 'jp-FrevaGPT-tab-waits' : this._news ? 'jp-FrevaGPT-tab-news' : '';
    const calm = this._news ? trans.__('FrevaGPT has answered') : trans.__('FrevaGPT');
    this.title.caption = waits ? trans.__('FrevaGPT waits for your decision') : calm;
  };

  private _news = false;
  private _shifting = false;
  private readonly _placed = new Signal<this, void>(this);
  private readonly _closed = new Signal<this, void>(this);
  private _transcript: Transcript | null = null;
}
