// Accepts a part of what is shown: a character, or as far as charwise is confident. Words and lines are VS Code's own.

import {
  commands,
  type Position,
  Range,
  type TextDocument,
  type TextEditor,
  type TextEditorEdit,
  window,
} from "vscode";
import type { Feedback } from "./feedback";
import type { Offer, Offered } from "./offer";
import { firstCharacter } from "./text";

type Part = (offered: Offered, editor: TextEditor, at: Position) => string;

export class Accept {
  constructor(
    private readonly offer: Offer,
    private readonly feedback: Feedback,
  ) {}

  character(): Promise<void> {
    return this.part((offered, { document }, at) => firstCharacter(offered.rest(document, at) ?? ""));
  }

  confident(): Promise<void> {
    return this.part((offered, { document }, at) => offered.confidentRest(document, at));
  }

  private async part(part: Part): Promise<void> {
    const editor = window.activeTextEditor;
    if (!editor) return;
    const at = editor.selection.active;
    const offered = this.offer.at(editor.document, at);
    const parts = offered.map((each) => part(each, editor, at));
    const [first, text] = [offered[0], parts[0]];
    if (!first || text === undefined) return;
    await (new Set(parts).size === 1
      ? this.insert(editor, at, first, text)
      : this.insertOfShown(editor, at, offered, parts));
  }

  private async insert(editor: TextEditor, at: Position, offered: Offered, text: string): Promise<void> {
    const typed = offered.typed(editor.document, at).length;
    const isDone = await editor.edit((edit) => {
      for (const { active } of editor.selections) edit.insert(active, text); // at each cursor, as VS Code's own do
    });
    if (isDone) this.feedback.partlyAccepted(offered, typed + text.length);
  }

  /** Where alternatives differ: VS Code says of the one that is shown only what its accept-word inserts. Put right what
   * it took, within the same undo step. */
  private async insertOfShown(
    editor: TextEditor,
    at: Position,
    offered: readonly Offered[],
    parts: readonly string[],
  ): Promise<void> {
    const rests = offered.map((each) => each.rest(editor.document, at) ?? "");
    const offset = editor.document.offsetAt(at);
    const cursorsUpTo = editor.selections.filter(({ active }) => !active.isAfter(at)).length; // each is given the word
    await commands.executeCommand("editor.action.inlineSuggest.acceptNextWord");
    const units = (editor.document.offsetAt(editor.selection.active) - offset) / cursorsUpTo;
    const word = editor.document.getText(before(editor.document, editor.selection.active, units));
    const shown = rests.findIndex((each) => word && each.startsWith(word));
    const [text, item] = [parts[shown], offered[shown]];
    if (text === undefined || !item) return; // another extension's: its word is accepted, which is no harm
    const taken = editor.selections.map(({ active }) => before(editor.document, active, units));
    const replace = (edit: TextEditorEdit) => {
      for (const range of taken) edit.replace(range, text);
    };
    await editor.edit(replace, { undoStopBefore: false, undoStopAfter: true });
    this.feedback.partlyAccepted(item, item.insertText.length - (rests[shown] ?? "").length + text.length);
  }
}

/** The last units before a position. */
function before(document: TextDocument, position: Position, units: number): Range {
  return new Range(document.positionAt(document.offsetAt(position) - units), position);
}
