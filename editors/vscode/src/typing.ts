// What the user did last in a document: an undo keeps suggestions away until they type, and a piece of the suggestion
// that appears at once was accepted by VS Code's own accept-word or accept-line, which tell extensions nothing.

import { type Disposable, type TextDocument, type TextDocumentChangeEvent, workspace } from "vscode";
import type { Feedback } from "./feedback";
import type { Offer } from "./offer";
import { unified } from "./text";

export class Typing implements Disposable {
  private readonly undone = new WeakSet<TextDocument>();
  private readonly listener = workspace.onDidChangeTextDocument((event) => this.changed(event));

  constructor(
    private readonly offer: Offer,
    private readonly feedback: Feedback,
  ) {}

  dispose(): void {
    this.listener.dispose();
  }

  /** Whether the last change was an undo or a redo. */
  isAfterUndo(document: TextDocument): boolean {
    return this.undone.has(document);
  }

  private changed(event: TextDocumentChangeEvent): void {
    if (event.contentChanges.length === 0) return; // only its state, such as being saved
    if (event.reason !== undefined) {
      this.undone.add(event.document);
      return;
    }
    this.undone.delete(event.document);
    this.notePart(event);
  }

  private notePart({ document, contentChanges }: TextDocumentChangeEvent): void {
    const [change, ...others] = contentChanges;
    if (!change || others.length > 0 || change.text.length < 2 || !change.range.isEmpty) return;
    const text = unified(change.text);
    for (const item of this.offer.at(document, change.range.start)) {
      if (item.rest(document, change.range.start)?.startsWith(text)) {
        this.feedback.partlyAccepted(item, item.typed(document, change.range.start).length + text.length);
        return;
      }
    }
  }
}
