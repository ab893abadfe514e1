/** The list of plugins. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { sidebar } from './plugins/sidebar';
import type { IFrevaGPT } from './tokens';

export * from './tokens';

const plugins: JupyterFrontEndPlugin<IFrevaGPT>[] = [sidebar];
export default plugins;
