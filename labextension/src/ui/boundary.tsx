/** A wall around each part of the conversation: what breaks inside does not take the panel with it. */

import * as React from 'react';

interface IProps {
  message: string;
  children: React.ReactNode;
}

/** Shows a line instead of a part that threw. */
export class Boundary extends React.Component<IProps, { broken: boolean }> {
  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  state = { broken: false };

  componentDidCatch(error: unknown): void {
    console.error('FrevaGPT: a part of the conversation cannot be shown.', error);
  }

  render(): React.ReactNode {
    return this.state.broken ? (
      <div className="jp-FrevaGPT-problem" role="alert">
        {this.props.message}
      </div>
    ) : (
      this.props.children
    );
  }
}
