// The menu behind the status item.

import { commands, type QuickPickItem, QuickPickItemKind, window } from "vscode";
import type { Status } from "./server";

interface Entry extends QuickPickItem {
  command?: string;
}

export async function showMenu(status: Status): Promise<void> {
  const chosen = await window.showQuickPick(entries(status), {
    title: "charwise",
    placeHolder: status.message || status.kind,
  });
  if (chosen?.command) await commands.executeCommand(chosen.command);
}

function entries({ kind }: Status): Entry[] {
  const pause = { label: "$(debug-pause) Pause training", command: "charwise.pause" };
  const resume = { label: "$(play) Resume training", command: "charwise.resume" };
  const mend = { label: "$(refresh) Restart the language server", command: "charwise.restart" };
  return [
    ...(kind === "error" ? [mend] : []),
    kind === "paused" ? resume : pause,
    { label: "$(sync) Train now", command: "charwise.retrain" },
    { label: "$(archive) Choose model", command: "charwise.chooseModel" },
    { label: "$(book) What it learned", command: "charwise.showLearned" },
    { label: "$(trash) Forget this file", command: "charwise.forgetFile" },
    { label: "Suggestions", kind: QuickPickItemKind.Separator },
    { label: "$(circle-slash) Switch on or off", command: "charwise.toggle" },
    { label: "$(code) Switch on or off in this language", command: "charwise.toggleLanguage" },
    { label: "$(file) Switch on or off in this file", command: "charwise.toggleFile" },
    { label: "", kind: QuickPickItemKind.Separator },
    { label: "$(output) Show log", command: "charwise.showLog" },
  ];
}
