/** The shapes of what the server asks of this page's notebook, and of what the page answers. */

export type CellType = 'code' | 'markdown' | 'raw';

/** Why something was not done. */
export type Trouble =
  | 'no-notebook'
  | 'no-kernel'
  | 'no-cell'
  | 'changed'
  | 'read-only'
  | 'not-code'
  | 'failed'
  | 'lost';

/** The content of a `request` hint. */
export interface IRequestHint {
  id: string;
  tool: string;
  arguments?: Record<string, unknown>;
  /** The page that it is meant for. */
  client?: string;
  kernel_id?: string;
}

/** A cell as it is in the open notebook. */
export interface ICellView {
  id: string;
  type: CellType;
  source: string;
  hash: string;
  output?: string;
  count?: number;
}

/** What came of a request. */
export interface IPageAnswer {
  trouble?: Trouble;
  notebook?: string;
  active?: string;
  cells?: ICellView[];
  state?: 'done' | 'failed' | 'stopped';
}
