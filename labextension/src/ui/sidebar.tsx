/** The panel as a widget of Lab's. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { Transcript } from '../model/transcript';
import { frevaIcon } from './icons';
import { guardLinks } from './links';
import { Panel } from './panel';
import { PartsContext, type IPanelParts } from './parts';

/** Lives in the left area, or wherever the user moves it; its tab tells when a decision is waited for. */
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

  /** Mark the tab: an answer is there that nobody has seen. */
  set news(news: boolean) {
    this._news = news;
    this._mark();
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
  private _transcript: Transcript | null = null;
}
