/** Tells the user what happens while they look elsewhere: a mark at the panel's tab, and a notification. */

import { Notification as LabNotification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { News, Outlook } from '../model/outlook';
import type { Sidebar } from '../ui/sidebar';
import type { Preferences } from './preferences';

interface IOptions {
  outlook: Outlook;
  panel: Sidebar;
  preferences: Preferences;
  show: () => void;
  trans: TranslationBundle;
}

/** Follow the news. Nothing of what was asked or answered is in a notification. */
export function announce(options: IOptions): void {
  const { outlook, panel, preferences } = options;
  outlook.news.connect((_, news) => {
    if (document.hidden || !panel.isVisible) {
      panel.news = news === 'answered';
    }
    if (document.hidden) {
      tell(options, news);
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && panel.isVisible) {
      panel.news = false;
    }
  });
  let telling = preferences.telling;
  preferences.changed.connect(() => {
    // the browser is asked when the user wants it, never by itself
    if (preferences.telling === 'browser' && telling !== 'browser' && possible() && Notification.permission === 'default') {
      void Notification.requestPermission();
    }
    telling = preferences.telling;
  });
}

function tell(options: IOptions, news: News): void {
  const { preferences, show, trans } = options;
  const text = news === 'waits' ? trans.__('Code waits for your decision.') : trans.__('Your answer is there.');
  if (preferences.telling === 'off') {
    return;
  }
  if (preferences.telling === 'browser' && possible() && Notification.permission === 'granted') {
    try {
      const told = new Notification(trans.__('FrevaGPT'), { body: text, tag: `frevagpt-${news}` });
      told.onclick = () => {
        window.focus();
        show();
        told.close();
      };
      return;
    } catch {
      // some browsers have the interface and allow it to service workers alone
    }
  }
  LabNotification.info(trans.__('FrevaGPT: %1', text), {
    autoClose: false,
    actions: [{ label: trans.__('Show'), callback: show }]
  });
}

function possible(): boolean {
  return typeof Notification === 'function' && window.isSecureContext;
}
