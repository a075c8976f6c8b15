// "Generate text": what the model dreams streams into the document as one undo step, until its length is reached or the
// user says stop: the notification's button, Escape, or any edit of theirs.

import {
  CancellationTokenSource,
  commands,
  type Position,
  ProgressLocation,
  type TextDocument,
  type TextEditor,
  window,
  workspace,
} from "vscode";
import { log } from "./log";
import type { Server } from "./server";
import { settings } from "./settings";

let tokens = 0;

export class Generate {
  private stopping: CancellationTokenSource | undefined;

  constructor(private readonly server: Server) {}

  stop(): void {
    this.stopping?.cancel();
  }

  async run(): Promise<void> {
    const editor = window.activeTextEditor;
    if (!editor || this.stopping) return;
    this.stopping = new CancellationTokenSource();
    await commands.executeCommand("setContext", "charwise.generating", true);
    try {
      await this.stream(editor, this.stopping);
    } catch (error) {
      if (!this.stopping.token.isCancellationRequested) log.error(`nothing was generated: ${error}`);
    } finally {
      this.stopping = undefined;
      await commands.executeCommand("setContext", "charwise.generating", false);
    }
  }

  private async stream(editor: TextEditor, stopping: CancellationTokenSource): Promise<void> {
    const token = `generate-${++tokens}`;
    const writer = new Writer(editor, () => stopping.cancel());
    const heard = this.server.onGenerated((piece) => {
      if (piece.token === token && !stopping.token.isCancellationRequested) writer.write(piece.text);
    });
    try {
      await withButton(stopping, () =>
        this.server.execute("charwise.generate", [request(editor, token)], stopping.token),
      );
      await writer.written;
    } finally {
      heard.dispose();
      await writer.stop();
    }
  }
}

function request(editor: TextEditor, token: string): object {
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character }, token, ...settings().generate };
}

async function withButton(stopping: CancellationTokenSource, work: () => Promise<unknown>): Promise<void> {
  const options = {
    location: ProgressLocation.Notification,
    title: "charwise writes (Escape stops)",
    cancellable: true,
  };
  await window.withProgress(options, async (_, token) => {
    token.onCancellationRequested(() => stopping.cancel());
    await work();
  });
}

/** Writes pieces one after the other, in one undo step; an edit that is not its own calls `interrupted`. */
class Writer {
  written = Promise.resolve();
  private at: Position;
  private isFirst = true;
  private waiting = "";
  private expected: string | undefined;
  private readonly listener;

  constructor(
    private readonly editor: TextEditor,
    private readonly interrupted: () => void,
  ) {
    this.at = editor.selection.active;
    this.listener = workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (document === editor.document && contentChanges.length > 0)
        this.changed(document, contentChanges[0]?.text ?? "");
    });
  }

  /** Writes nothing more; what is being written at this moment is there when it returns. */
  async stop(): Promise<void> {
    this.waiting = "";
    await this.written;
    this.listener.dispose();
  }

  write(text: string): void {
    this.waiting += text;
    this.written = this.written.then(() => this.flush());
  }

  private async flush(): Promise<void> {
    if (!this.waiting) return; // a piece before took this one with it
    [this.expected, this.waiting] = [this.waiting, ""];
    const text = this.expected;
    const undo = { undoStopBefore: this.isFirst, undoStopAfter: false };
    this.isFirst = false;
    if (!(await this.editor.edit((edit) => edit.insert(this.at, text), undo))) this.interrupted();
    this.expected = undefined;
  }

  private changed(document: TextDocument, text: string): void {
    const own = this.expected?.replaceAll("\r\n", "\n");
    if (own === undefined || text.replaceAll("\r\n", "\n") !== own) this.interrupted();
    else this.at = document.positionAt(document.offsetAt(this.at) + text.length);
  }
}
