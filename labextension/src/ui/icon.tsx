/** An icon beside a text. */

import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** An icon that says nothing to a screen reader. */
export function Icon(props: { icon: LabIcon }): JSX.Element {
  return (
    <span className="jp-FrevaGPT-icon" aria-hidden="true">
      <props.icon.react tag={null} width="16px" height="16px" />
    </span>
  );
}
