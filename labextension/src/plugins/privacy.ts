/** The command that shows the page on privacy, and what the settings do to the panel itself. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import type { Privacy } from '../model/privacy';
import type { IFrevaGPT } from '../tokens';
import type { Preferences } from './preferences';

/** The id of the command. */
export const PRIVACY = 'frevagpt:privacy';

interface IOptions {
  app: JupyterFrontEnd;
  palette: ICommandPalette | null;
  privacy: Privacy;
  show: () => void;
  trans: TranslationBundle;
}

export function addPrivacyCommand(options: IOptions): void {
  const { app, palette, privacy, show, trans } = options;
  app.commands.addCommand(PRIVACY, {
    label: trans.__('FrevaGPT Privacy and Data'),
    caption: trans.__('Show what FrevaGPT sends and to whom, choose it, or delete all your data'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      show();
      privacy.open = true;
    }
  });
  palette?.addItem({ command: PRIVACY, category: trans.__('FrevaGPT') });
}

/** Let the panel have the size that the user wants, and go when it is switched off. */
export function follow(preferences: Preferences, panel: Widget, show: () => void): void {
  let enabled = preferences.enabled;
  const apply = (): void => {
    const { fontSize } = preferences;
    panel.node.style.setProperty('--jp-ui-font-size1', fontSize ? `${fontSize}px` : '');
    if (preferences.enabled !== enabled) {
      enabled = preferences.enabled;
      if (enabled) {
        show();
      } else {
        panel.parent = null;
      }
    }
  };
  preferences.changed.connect(apply);
  apply();
}

/** What other plugins get where the user has switched the panel off. */
export function switchedOff(trans: TranslationBundle): IFrevaGPT {
  const refused = (): Error => new Error(trans.__('FrevaGPT is switched off in your settings.'));
  return {
    open: () => undefined,
    ask: () => Promise.reject(refused()),
    follow: () => {
      throw refused();
    }
  };
}
