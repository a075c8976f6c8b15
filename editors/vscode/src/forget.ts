// "Forget this file": the file at hand, or the notebook of the cell, is never learned again.

import { window } from "vscode";
import type { Server } from "./server";

export async function forgetFile(server: Server): Promise<void> {
  const document = window.activeNotebookEditor?.notebook ?? window.activeTextEditor?.document;
  if (document?.uri.scheme === "file") await server.execute("charwise.forgetFile", [document.uri.toString()]);
  else void window.showInformationMessage("charwise learns files: open the one that it shall forget.");
}
