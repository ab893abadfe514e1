/** The routes about documents: which are searched, and the user's own folders among them. */

/** Documents that are searched together. */
export interface IResource {
  name: string;
  title: string;
  /** Whose they are. */
  standing: 'shipped' | 'site' | 'own';
  /** How many passages are in the index. */
  passages: number | null;
}

/** What passages are found with; without a model by words alone. */
export interface IMeans {
  way: string;
  model: string;
  /** Where the model is asked; empty for one inside the server. */
  host: string;
}

/** The answer of `resources`. */
export interface IResources {
  resources: IResource[];
  means: IMeans;
  /** The user may have folders indexed. */
  own: boolean;
}

/** How far a folder is indexed. */
export interface IProgress {
  name: string;
  done: number;
  total: number;
  passages: number;
  unread: number;
  finished: boolean;
  /** Why it ended before all was done. */
  problem: string;
}
