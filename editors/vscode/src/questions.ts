// Asks the server. VS Code draws a typed character before it asks what may follow; what it will ask then is asked ahead,
// when the character comes, so that the answer is on its way meanwhile.

import {
  type CancellationToken,
  CancellationTokenSource,
  type Disposable,
  type InlineCompletionContext,
  InlineCompletionTriggerKind,
  type Position,
  type TextDocument,
  type TextDocumentChangeEvent,
  type TextDocumentContentChangeEvent,
  window,
  workspace,
} from "vscode";
import { Offered } from "./offer";
import type { Server } from "./server";
import { typedUnits } from "./text";

const TYPED: InlineCompletionContext = {
  triggerKind: InlineCompletionTriggerKind.Automatic,
  selectedCompletionInfo: undefined,
};

interface Asked {
  document: TextDocument;
  version: number;
  position: Position;
  answer: Promise<Offered[]>;
  source: CancellationTokenSource;
}

export class Questions implements Disposable {
  private ahead: Asked | undefined;
  private isWanted = true; // whether VS Code asked after the last key that was asked ahead
  private readonly listener = workspace.onDidChangeTextDocument((event) => this.changed(event));

  /** `silenced` says of which documents nothing is asked. */
  constructor(
    private readonly server: Server,
    private readonly silenced: (document: TextDocument) => unknown,
  ) {}

  dispose(): void {
    this.listener.dispose();
    this.ahead?.source.cancel();
  }

  /** What the server offers at a position of a document; it may have been asked ahead. */
  answer(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    token: CancellationToken,
  ): Promise<Offered[]> {
    const ahead = this.ahead;
    this.ahead = undefined;
    this.isWanted = true;
    if (!ahead || !isSame(ahead, document, position, context)) return this.ask(document, position, context, token);
    token.onCancellationRequested(() => ahead.source.cancel());
    return ahead.answer;
  }

  private changed({ document, contentChanges, reason }: TextDocumentChangeEvent): void {
    if (contentChanges.length === 0) return; // only its state, such as being saved
    this.ahead?.source.cancel();
    this.ahead = undefined;
    const position = reason === undefined ? caretAfter(document, contentChanges) : undefined;
    if (!position || !this.isWanted || this.silenced(document)) return;
    this.isWanted = false;
    const { version } = document;
    setImmediate(() => {
      // Now the server has been told of the change.
      if (!this.isWanted && version === document.version) this.askAhead(document, position);
    });
  }

  private askAhead(document: TextDocument, position: Position): void {
    const source = new CancellationTokenSource();
    const answer = this.ask(document, position, TYPED, source.token);
    this.ahead = { document, version: document.version, position, answer, source };
  }

  private async ask(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    token: CancellationToken,
  ): Promise<Offered[]> {
    const params = this.server.convert?.asInlineCompletionParams(document, position, context);
    const more = { formattingOptions: formattingOptions(document), ...(isInvoked(context) ? {} : { alternatives: 1 }) };
    const items = await this.server.suggest({ ...params, ...more }, token);
    return items.map((item) => new Offered(item));
  }
}

/** Whether the user asked for suggestions, and did not just type. */
export function isInvoked(context: InlineCompletionContext): boolean {
  return context.triggerKind === InlineCompletionTriggerKind.Invoke;
}

function isSame(ahead: Asked, document: TextDocument, position: Position, context: InlineCompletionContext): boolean {
  const isPlain = !isInvoked(context) && !context.selectedCompletionInfo;
  const isThere = document === ahead.document && document.version === ahead.version;
  return isPlain && isThere && position.isEqual(ahead.position);
}

/** Where the cursor is after it has put something in; undefined where it was another who changed the document. */
function caretAfter(
  document: TextDocument,
  [change, ...others]: readonly TextDocumentContentChangeEvent[],
): Position | undefined {
  const editor = window.activeTextEditor;
  if (!change?.text || others.length > 0 || editor?.document !== document) return undefined;
  if (!editor.selection.active.isEqual(change.range.end)) return undefined; // which is still where it was before
  return document.positionAt(change.rangeOffset + typedUnits(change.text));
}

function formattingOptions(document: TextDocument): { tabSize: number; insertSpaces: boolean } | undefined {
  const options = window.visibleTextEditors.find((editor) => editor.document === document)?.options;
  if (typeof options?.tabSize !== "number" || typeof options.insertSpaces !== "boolean") return undefined;
  return { tabSize: options.tabSize, insertSpaces: options.insertSpaces };
}
