/** Markdown in a component: a host element that a view fills. */

import * as React from 'react';

import { addCodeToolbars } from './codetoolbar';
import { MarkdownView } from './markdown';
import { useParts } from './parts';

/**
 * A text that may grow; `whole` once it will not. Its code then gets `tools`, where they are wanted, and `finish` may add
 * something to it and return what takes that away.
 */
export function MarkdownText(props: {
  text: string;
  whole: boolean;
  className?: string;
  tools?: boolean;
  finish?: (node: HTMLElement) => () => void;
}): JSX.Element {
  const parts = useParts();
  const { rendermime } = parts;
  const { tools, finish } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const view = React.useRef<MarkdownView | null>(null);
  React.useLayoutEffect(() => {
    if (!host.current) {
      return;
    }
    const made = new MarkdownView(rendermime, host.current, node => {
      const undone = [tools && addCodeToolbars(node, parts), finish?.(node)];
      return () => undone.forEach(undo => undo && undo());
    });
    view.current = made;
    return () => made.dispose();
  }, [parts, rendermime, tools, finish]);
  React.useLayoutEffect(() => {
    view.current?.show(props.text, props.whole);
  }, [props.text, props.whole, parts, rendermime, tools, finish]);
  return <div ref={host} className={props.className} />;
}

/** Return Markdown that shows a text as a block of code, whatever is in it. */
export function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}
