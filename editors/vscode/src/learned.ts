// "What it learned": the server's account as a page that cannot be edited, asked for anew each time it is opened.

import { commands, EventEmitter, type TextDocumentContentProvider, Uri } from "vscode";
import type { Server } from "./server";

export const LEARNED = "charwise";
const PAGE = Uri.parse(`${LEARNED}:What%20charwise%20learned.md`);

export class Learned implements TextDocumentContentProvider {
  private readonly changed = new EventEmitter<Uri>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly server: Server) {}

  async show(): Promise<void> {
    this.changed.fire(PAGE);
    await commands.executeCommand("markdown.showPreview", PAGE);
  }

  async provideTextDocumentContent(): Promise<string> {
    const { text } = await this.server.execute<{ text: string }>("charwise.status");
    return text;
  }
}
