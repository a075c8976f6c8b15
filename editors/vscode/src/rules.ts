// Where nothing is suggested, and why. Pure: a document is its scheme, paths, language and size.

import { minimatch } from "minimatch";
import { NO_SECRETS, SECRETS } from "./secrets";

export interface Described {
  scheme: string;
  path: string;
  relative: string; // to its workspace folder; the path where it is in none
  language: string;
  characters: number;
}

export interface Switches {
  enable: Record<string, boolean>;
  exclude: readonly string[];
}

/** What people write in; not output, logs, diffs, settings or the source control's input. */
export const SCHEMES: readonly string[] = ["file", "untitled", "vscode-notebook-cell"];

// Twice what is learned of a file: beyond it a file is generated, and a jump in it would be felt.
const LARGEST = 2_000_000;

/** Why a document's text must not reach charwise at all; undefined where it may. */
export function secluded(document: Omit<Described, "language">, exclude: readonly string[]): string | undefined {
  if (!SCHEMES.includes(document.scheme)) return `what is ${document.scheme} is no text to write in`;
  if (document.characters > LARGEST) return "the file is too big";
  if (matches(document.path, SECRETS) && !matches(document.path, NO_SECRETS))
    return "the file holds secrets, by its name";
  if (matches(document.path, exclude) || matches(document.relative, exclude))
    return "charwise.exclude leaves the file out";
  return undefined;
}

/** Why nothing is suggested in a document; undefined where something may be. */
export function silenced(document: Described, switches: Switches): string | undefined {
  const own = switches.enable[document.language];
  if (own === false) return `charwise.enable is off for ${document.language}`;
  if (own === undefined && switches.enable["*"] === false) return "charwise.enable is off";
  return secluded(document, switches.exclude);
}

function matches(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => minimatch(path, glob, { dot: true, nocase: true }));
}
