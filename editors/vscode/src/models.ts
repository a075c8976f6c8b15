// "Choose model": which of the stored models serves the folder at hand from now on, and learns it.

import { type QuickPickItem, type Uri, window, workspace } from "vscode";
import type { Server } from "./server";

/** A model as the server tells of it; what is not trained yet has no step. */
interface Model {
  name: string;
  model: string; // its size
  step: number | null;
  bpc: number | null;
  own: boolean; // the folder's
  used: boolean;
}

interface Entry extends QuickPickItem {
  name: string;
}

export async function chooseModel(server: Server): Promise<void> {
  const folder = folderAtHand();
  if (!folder) {
    void window.showInformationMessage("charwise learns folders: open one to choose its model.");
    return;
  }
  const entries = server.execute<Model[]>("charwise.models", [folder.fsPath]).then((models) => models.map(entry));
  const chosen = await window.showQuickPick(entries, {
    title: "charwise: Choose Model",
    placeHolder: `The model that serves ${folder.fsPath}, and learns it`,
  });
  if (chosen) await server.execute("charwise.chooseModel", [chosen.name, folder.fsPath]);
}

function folderAtHand(): Uri | undefined {
  const document = window.activeTextEditor?.document;
  const folder = document && workspace.getWorkspaceFolder(document.uri);
  return (folder ?? workspace.workspaceFolders?.[0])?.uri;
}

function entry({ name, model, step, bpc, own, used }: Model): Entry {
  const bits = bpc === null ? "not measured" : `${bpc.toFixed(2)} bits per character`;
  return {
    name,
    label: `${used ? "$(check)" : "$(blank)"} ${own ? "The workspace's own" : name}`,
    description: step === null ? "not trained yet" : `${model}, ${bits}`,
    detail: [own && name, used && "in use"].filter(Boolean).join(", "),
  };
}
