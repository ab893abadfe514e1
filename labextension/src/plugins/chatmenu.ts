/** The menu of what can be done with a chat, made of Lab's commands. */

import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import type { IChatMenu } from '../ui/parts';

/** Opens a menu whose commands are told which chat is meant. */
export class ChatMenu implements IChatMenu {
  /** `groups` are the ids of the commands, a line between any two groups. */
  constructor(
    private readonly _commands: CommandRegistry,
    private readonly _groups: readonly (readonly string[])[]
  ) {}

  open(threadId: string, button: HTMLElement, at?: { x: number; y: number }): void {
    const menu = new MenuSvg({ commands: this._commands });
    menu.addClass('jp-FrevaGPT-chatMenu');
    for (const group of this._groups) {
      if (menu.items.length) {
        menu.addItem({ type: 'separator' });
      }
      group.forEach(command => menu.addItem({ command, args: { thread_id: threadId } }));
    }
    menu.aboutToClose.connect(() => {
      if (menu.node.contains(document.activeElement) || document.activeElement === document.body) {
        button.focus({ preventScroll: true });
      }
      // a command of the menu is carried out behind this
      window.setTimeout(() => menu.dispose());
    });
    const { left, bottom } = button.getBoundingClientRect();
    menu.open(at?.x ?? left, at?.y ?? bottom);
    menu.activeIndex = 0;
  }
}
