// What is offered at the cursor now: the server's items, and which of them still continue what is typed.

import { commands, Position, Range, type TextDocument } from "vscode";
import type { InlineCompletionItem as ServerItem } from "vscode-languageclient/node";
import { confidentPart, rest, suggestedBytes } from "./text";

/** One suggestion as the server sent it, in the shape that feedback needs. */
export class Offered {
  readonly insertText: string;
  readonly id: number;
  private readonly bytes: number;
  private readonly confident: number;
  readonly start: Position;

  constructor(readonly item: ServerItem) {
    this.insertText = typeof item.insertText === "string" ? item.insertText : item.insertText.value;
    const [id, bytes, confident] = item.command?.arguments ?? [];
    this.id = id;
    this.bytes = bytes ?? 0;
    this.confident = confident ?? this.insertText.length;
    const start = item.range?.start ?? { line: 0, character: 0 };
    this.start = new Position(start.line, start.character);
  }

  /** The text without its doubtful end. */
  get sure(): string {
    return this.insertText.slice(0, this.confident);
  }

  /** What of it is typed already, up to a position. */
  typed(document: TextDocument, position: Position): string {
    return position.isBefore(this.start) ? "" : document.getText(new Range(this.start, position));
  }

  rest(document: TextDocument, position: Position): string | undefined {
    return position.isBefore(this.start) ? undefined : rest(this.insertText, this.typed(document, position));
  }

  confidentRest(document: TextDocument, position: Position): string {
    return confidentPart(this.insertText, this.typed(document, position), this.confident);
  }

  /** The bytes of the suggestion alone, without the typed word, in the first units of its text. */
  bytesOf(units: number): number {
    return suggestedBytes(this.insertText, this.bytes, units);
  }
}

/** The newest answer; the context key charwise.offered says whether there is one, for key bindings. */
export class Offer {
  private document: TextDocument | undefined;
  private items: readonly Offered[] = [];
  private isChoice = false;

  /** `isChoice`: the user asked, and may have turned to another than the first. */
  set(document: TextDocument, items: readonly Offered[], isChoice: boolean): void {
    if (items.length > 0 !== this.items.length > 0) {
      void commands.executeCommand("setContext", "charwise.offered", items.length > 0);
    }
    [this.document, this.items, this.isChoice] = [document, items, isChoice];
  }

  /** The alternatives that the user chooses from, while one of them is typed: what is shown of them must not change. */
  choice(document: TextDocument, position: Position): readonly Offered[] {
    return this.isChoice ? this.at(document, position) : [];
  }

  /** The items that continue what stands before a position, the first one first. */
  at(document: TextDocument, position: Position): readonly Offered[] {
    return document === this.document ? this.items.filter((item) => item.rest(document, position)) : [];
  }
}
