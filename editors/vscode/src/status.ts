// The one status item: what charwise is doing, and why nothing is suggested in the file at hand.

import { Disposable, StatusBarAlignment, ThemeColor, window, workspace } from "vscode";
import type { Documents } from "./documents";
import type { Status } from "./server";

const ICONS: Record<Status["kind"], string> = {
  ready: "$(lightbulb-sparkle)",
  learning: "$(sync~spin)",
  paused: "$(debug-pause)",
  off: "$(circle-slash)",
  error: "$(warning)",
};

export class StatusItem implements Disposable {
  private readonly item = window.createStatusBarItem("charwise.status", StatusBarAlignment.Right, 100);
  private readonly turned = Disposable.from(
    window.onDidChangeActiveTextEditor(() => this.draw()),
    workspace.onDidOpenTextDocument(() => this.draw()), // so it is when its language has changed
  );
  status: Status = { kind: "ready", message: "" };

  constructor(private readonly documents: Documents) {
    this.item.name = "charwise";
    this.item.command = "charwise.showMenu";
    this.draw();
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
    this.turned.dispose();
  }

  set(status: Status): void {
    this.status = status;
    this.draw();
  }

  draw(): void {
    const document = window.activeTextEditor?.document;
    const silence = document && this.documents.silenced(document);
    const { kind, message, percent } = this.status;
    const isOff = silence && kind === "ready";
    this.item.text = `${ICONS[isOff ? "off" : kind]} charwise${kind === "learning" && percent != null ? ` ${percent}%` : ""}`;
    this.item.tooltip = [message || `charwise: ${kind}`, silence && `Nothing is suggested here: ${silence}.`]
      .filter(Boolean)
      .join("\n");
    this.item.backgroundColor = kind === "error" ? new ThemeColor("statusBarItem.warningBackground") : undefined;
  }
}
