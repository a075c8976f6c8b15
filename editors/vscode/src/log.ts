// The one logger: the output channel "charwise". Details go here, never into a message box while somebody types.

import { window } from "vscode";

export const log = window.createOutputChannel("charwise", { log: true });
