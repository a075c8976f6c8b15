// Tells the server where the user looks, so that what a suggestion there needs is read ahead: the document they turn to,
// and the cursor when it moved without an edit and rests.

import { Disposable, type TextDocument, type TextEditor, window, workspace } from "vscode";
import type { Documents } from "./documents";
import type { Server } from "./server";

// Whoever holds an arrow key down is on the way.
const RESTS_MS = 50;

export class Focus implements Disposable {
  private readonly edits = new WeakMap<TextDocument, number>(); // when the last one was
  private told = ""; // the place that the server knows
  private timer: NodeJS.Timeout | undefined;
  private readonly listeners = Disposable.from(
    window.onDidChangeActiveTextEditor((editor) => editor && this.moved(editor)),
    window.onDidChangeTextEditorSelection(({ textEditor }) => this.moved(textEditor)),
    workspace.onDidChangeTextDocument(({ document }) => this.edited(document)),
  );

  constructor(
    private readonly server: Server,
    private readonly documents: Documents,
  ) {}

  dispose(): void {
    clearTimeout(this.timer);
    this.listeners.dispose();
  }

  /** A cursor that goes on with an edit is where the next question comes from anyway. */
  private edited(document: TextDocument): void {
    this.edits.set(document, Date.now());
    if (document === window.activeTextEditor?.document) clearTimeout(this.timer);
  }

  private moved(editor: TextEditor): void {
    if (Date.now() - (this.edits.get(editor.document) ?? 0) < RESTS_MS) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(editor), RESTS_MS);
  }

  private tell({ document, selection }: TextEditor): void {
    const { convert } = this.server;
    const { line, character } = selection.active;
    const place = `${document.uri} ${document.version} ${line} ${character}`;
    if (!convert || place === this.told || this.documents.silenced(document)) return;
    this.told = place;
    const textDocument = convert.asTextDocumentIdentifier(document);
    this.server.tell("textDocument/didFocus", { textDocument, position: { line, character } });
  }
}
