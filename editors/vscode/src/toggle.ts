// Switches suggestions on and off: everywhere, in a language, in a file. The settings say so, where the user can see it.

import { ConfigurationTarget, commands, window, workspace } from "vscode";
import type { Documents } from "./documents";
import { settings } from "./settings";

export async function toggleEverywhere(): Promise<void> {
  const { enable } = settings();
  await update({ ...enable, "*": enable["*"] === false });
}

export async function toggleLanguage(): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  if (!language) return;
  const { enable } = settings();
  await update({ ...enable, [language]: !(enable[language] ?? enable["*"] ?? true) });
}

export async function toggleFile(documents: Documents): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document) await documents.toggleFile(document);
  await hide();
}

async function update(enable: Record<string, boolean>): Promise<void> {
  const given = workspace.getConfiguration("charwise");
  const isOfWorkspace = given.inspect("enable")?.workspaceValue !== undefined; // it would hide what is set for all
  await given.update("enable", enable, isOfWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global);
  await hide();
}

async function hide(): Promise<void> {
  await commands.executeCommand("editor.action.inlineSuggest.hide");
}
