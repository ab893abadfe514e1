/** The panel as a widget of Lab's. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { frevaIcon } from './icons';
import { guardLinks } from './links';
import { Panel } from './panel';
import { PartsContext, type IPanelParts } from './parts';

/** Lives in the left area, or wherever the user moves it. */
export class Sidebar extends ReactWidget {
  constructor(private readonly _parts: IPanelParts) {
    super();
    this.id = 'frevagpt:sidebar';
    this.addClass('jp-FrevaGPT');
    this.title.icon = frevaIcon;
    this.title.caption = _parts.trans.__('FrevaGPT');
    guardLinks(this.node, _parts.trans);
  }

  protected render(): JSX.Element {
    return (
      <PartsContext.Provider value={this._parts}>
        <Panel />
      </PartsContext.Provider>
    );
  }
}
