import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';

import { guardLinks } from '../../ui/links';

const LONG = 'x'.repeat(101);

describe('guardLinks', () => {
  let node: HTMLElement;
  let opened: MockInstance<typeof window.open>;

  const click = (href: string): void => {
    const link = document.createElement('a');
    link.setAttribute('href', href);
    node.appendChild(link);
    const event = new MouseEvent('click', { bubbles: true, cancelable: true });
    link.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
  };
  const dialog = (): HTMLElement | null => document.querySelector('.jp-Dialog');
  const answer = async (selector: string): Promise<void> => {
    const button = await vi.waitFor(() => {
      const found = document.querySelector<HTMLElement>(`.jp-Dialog ${selector}`);
      expect(found).not.toBeNull();
      return found;
    });
    button?.click();
    await vi.waitFor(() => expect(dialog()).toBeNull());
  };

  beforeEach(() => {
    node = document.createElement('div');
    document.body.appendChild(node);
    guardLinks(node, nullTranslator.load('jupyter_frevagpt'));
    opened = vi.spyOn(window, 'open').mockReturnValue(null);
  });

  afterEach(() => {
    opened.mockRestore();
    node.remove();
  });

  it('opens a short query without a question', async () => {
    click(`https://a.org/${LONG}?q=${'x'.repeat(98)}`);
    await vi.waitFor(() => expect(opened).toHaveBeenCalledTimes(1));
    expect(dialog()).toBeNull();
  });

  it.each([`https://a.org/?${LONG}`, `https://a.org/#${LONG}`, `mailto:a@b.org?body=${LONG}`])(
    'asks before it opens %s',
    async href => {
      click(href);
      await vi.waitFor(() => expect(dialog()).not.toBeNull());
      expect(dialog()?.textContent).toMatch(/a\.org|a@b\.org/);
      expect(opened).not.toHaveBeenCalled();
      await answer('.jp-mod-warn');
      await vi.waitFor(() =>
        expect(opened).toHaveBeenCalledWith(href, '_blank', 'noopener,noreferrer')
      );
    }
  );

  it('does not open it when the user does not want to', async () => {
    click(`https://a.org/?${LONG}`);
    await answer('.jp-mod-reject');
    expect(opened).not.toHaveBeenCalled();
  });

  it('opens no nonsense', () => {
    click('https://[');
    expect(opened).not.toHaveBeenCalled();
  });
});
