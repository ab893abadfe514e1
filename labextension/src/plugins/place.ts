/** Where the panel is: in a sidebar, or a tab of Lab's main area. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Draft } from '../model/draft';
import { frevaIcon } from '../ui/icons';
import type { Sidebar } from '../ui/sidebar';

/** The ids of the commands. */
export const PlaceCommandIDs = {
  main: 'frevagpt:open-in-main-area',
  side: 'frevagpt:move-to-sidebar'
} as const;

/** Lab finds by the type to which side the user has moved it. */
const SIDE = { rank: 850, type: 'FrevaGPT' } as const;

/** Moves the panel; what it shows, what is typed in it and what runs stay as they are. */
export class Place {
  constructor(
    private readonly _shell: JupyterFrontEnd['shell'],
    private readonly _panel: Sidebar
  ) {
    this._putAside();
    _panel.closed.connect(() => this._putAside());
  }

  /** Bring the panel to the front, wherever it is. */
  show(): void {
    if (!this._panel.isAttached) {
      this._putAside();
    }
    this._shell.activateById(this._panel.id);
  }

  toMain(): void {
    this._panel.move(() => this._shell.add(this._panel, 'main'));
    this.show();
  }

  toSide(): void {
    this._putAside();
    this.show();
  }

  private _putAside(): void {
    this._panel.move(() => this._shell.add(this._panel, 'left', SIDE));
  }
}

interface IOptions {
  app: JupyterFrontEnd;
  palette: ICommandPalette | null;
  panel: Sidebar;
  place: Place;
  draft: Draft;
  trans: TranslationBundle;
}

/** Add the commands, where the main area has room for more than the page's document. */
export function addPlaceCommands({ app, palette, panel, place, draft, trans }: IOptions): void {
  const { commands } = app;
  const describedBy = { args: { type: 'object', properties: {} } };
  commands.addCommand(PlaceCommandIDs.main, {
    label: trans.__('Open FrevaGPT in the Main Area'),
    caption: trans.__('Make the FrevaGPT chat a tab beside the notebooks'),
    icon: frevaIcon,
    describedBy,
    isEnabled: () => !panel.inMain,
    execute: () => {
      place.toMain();
      draft.focus();
    }
  });
  commands.addCommand(PlaceCommandIDs.side, {
    label: trans.__('Move FrevaGPT to the Sidebar'),
    caption: trans.__('Put the FrevaGPT chat back into the sidebar'),
    icon: frevaIcon,
    describedBy,
    isEnabled: () => panel.inMain,
    execute: () => {
      place.toSide();
      draft.focus();
    }
  });
  panel.placed.connect(() => Object.values(PlaceCommandIDs).forEach(id => commands.notifyCommandChanged(id)));
  const category = trans.__('FrevaGPT');
  Object.values(PlaceCommandIDs).forEach(command => palette?.addItem({ command, category }));
}
