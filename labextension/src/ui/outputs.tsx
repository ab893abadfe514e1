/** The outputs of a run, shown by Lab's output area and trusted with nothing. */

import type * as nbformat from '@jupyterlab/nbformat';
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import type { IDisplay } from '../api/variants';
import type { CodeRun } from '../model/run';
import { useParts } from './parts';

/** What a run has printed so far, or in the end showed. */
export function Outputs(props: { run: CodeRun; label: string }): JSX.Element {
  const { run, label } = props;
  const { rendermime } = useParts();
  const host = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    if (!host.current) {
      return;
    }
    const model = new OutputAreaModel({ trusted: false });
    const area = new SimplifiedOutputArea({ model, rendermime });
    Widget.attach(area, host.current);
    let shown: IDisplay[] | null = null;
    let printed = 0;
    let frame: number | null = null;
    const show = (): void => {
      frame = null;
      if (run.outputs) {
        if (run.outputs !== shown) {
          shown = run.outputs;
          model.fromJSON(shown.map(output => toOutput(output, rendermime.mimeTypes)));
        }
      } else if (run.live.length > printed) {
        model.add(stream('stdout', run.live.slice(printed)));
        printed = run.live.length;
      }
    };
    const soon = (): void => {
      frame ??= window.requestAnimationFrame(show);
    };
    show();
    run.changed.connect(soon);
    return () => {
      run.changed.disconnect(soon);
      if (frame !== null) {
        window.cancelAnimationFrame(frame);
      }
      if (area.isAttached && area.node.isConnected) {
        Widget.detach(area);
      }
      area.dispose();
      model.dispose();
    };
  }, [run, rendermime]);
  // long output scrolls, by the keyboard too
  return <div ref={host} className="jp-FrevaGPT-card-output" role="group" aria-label={label} tabIndex={0} />;
}

/** Return an output with nothing in it but what is to be shown. */
export function toOutput(output: IDisplay, types: readonly string[]): nbformat.IOutput {
  switch (output.output_type) {
    case 'stream':
      return stream(output.name === 'stderr' ? 'stderr' : 'stdout', joined(output.text));
    case 'error':
      return {
        output_type: 'error',
        ename: joined(output.ename),
        evalue: joined(output.evalue),
        traceback: Array.isArray(output.traceback) ? output.traceback.map(joined) : []
      };
    default: {
      const data: nbformat.IMimeBundle = {};
      const metadata: nbformat.OutputMetadata = {};
      for (const [type, value] of Object.entries(output.data ?? {})) {
        if (types.includes(type)) {
          data[type] = joined(value);
          const size = output.metadata?.[type];
          if (type.startsWith('image/') && typeof size === 'object' && size !== null) {
            const { width, height } = size as { width?: unknown; height?: unknown };
            metadata[type] = {
              ...(typeof width === 'number' ? { width } : {}),
              ...(typeof height === 'number' ? { height } : {})
            };
          }
        }
      }
      if (!Object.keys(data).length) {
        data['text/plain'] = `(${Object.keys(output.data ?? {}).join(', ')})`;
      }
      return { output_type: 'display_data', data, metadata };
    }
  }
}

function stream(name: 'stdout' | 'stderr', text: string): nbformat.IStream {
  return { output_type: 'stream', name, text };
}

function joined(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(joined).join('');
  }
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
