/** The list of plugins. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { magics } from './plugins/magics';
import { sidebar } from './plugins/sidebar';

export * from './tokens';

const plugins: JupyterFrontEndPlugin<unknown>[] = [sidebar, magics];
export default plugins;
