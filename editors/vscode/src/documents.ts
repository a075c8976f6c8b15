// The editor's documents as the rules see them, and the switches that hold in this window.

import { type Memento, type NotebookDocument, Position, type TextDocument, workspace } from "vscode";
import { type Described, secluded, silenced } from "./rules";
import { settings } from "./settings";

const OFF_FILES = "offFiles";

/** Says why nothing is suggested in a document; remembers the files that the user switched off. */
export class Documents {
  constructor(private readonly state: Memento) {}

  /** Whether the server must not see a document, or a notebook's cells. */
  isSecluded(document: TextDocument | NotebookDocument): boolean {
    return secluded(described(document), settings().exclude) !== undefined;
  }

  /** Why nothing is suggested in a document; undefined where something may be. */
  silenced(document: TextDocument): string | undefined {
    if (this.offFiles().includes(fileOf(document))) return "you switched it off for this file";
    return silenced(described(document), settings());
  }

  async toggleFile(document: TextDocument): Promise<void> {
    const uri = fileOf(document);
    const others = this.offFiles().filter((each) => each !== uri);
    const isOff = others.length < this.offFiles().length;
    await this.state.update(OFF_FILES, isOff ? others : [...others, uri]);
  }

  private offFiles(): string[] {
    return this.state.get(OFF_FILES, []);
  }
}

/** A notebook's cells are one file. */
function fileOf({ uri }: TextDocument): string {
  return uri.with({ fragment: "" }).toString();
}

function described(document: TextDocument | NotebookDocument): Described {
  const { scheme, path, fsPath } = document.uri;
  const place = { scheme, path, relative: workspace.asRelativePath(fsPath, false) }; // a cell's is its notebook's
  if (!("lineCount" in document)) return { ...place, language: document.notebookType, characters: 0 };
  const characters = document.offsetAt(new Position(document.lineCount, 0)); // getText() would copy it at each key
  return { ...place, language: document.languageId, characters };
}
