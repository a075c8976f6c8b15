// What the user has set, and the part of it that the language server is told. Knows no document and no server.

import { Uri, workspace } from "vscode";

export interface Settings {
  path: string;
  python: string;
  requirement: string;
  enable: Record<string, boolean>;
  exclude: string[];
  alternatives: number;
  onlyConfident: boolean;
  generate: { length: number; temperature: number };
}

export function settings(): Settings {
  const given = workspace.getConfiguration("charwise");
  return {
    path: given.get("path", ""),
    python: given.get("install.python", "python3"),
    requirement: given.get("install.requirement", "charwise"),
    enable: switches(given.get("enable")),
    exclude: globs(given.get("exclude")),
    alternatives: given.get("suggestions.alternatives", 3),
    onlyConfident: given.get("suggestions.onlyConfident", false),
    generate: { length: given.get("generate.length", 400), temperature: given.get("generate.temperature", 0.8) },
  };
}

/** VS Code underlines a value of another type, but hands it on: what is meant by it holds, and nothing breaks. */
function switches(given: unknown): Record<string, boolean> {
  if (typeof given === "boolean") return { "*": given };
  return isMap(given) ? (given as Record<string, boolean>) : { "*": true };
}

/** One glob alone, or a map of globs as in `files.exclude`, leaves out what a list of them would. */
function globs(given: unknown): string[] {
  if (isMap(given)) return Object.keys(given).filter((glob) => given[glob] !== false);
  return [given].flat().filter((glob) => typeof glob === "string");
}

function isMap(given: unknown): given is Record<string, unknown> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

/** The server's options, as a folder has them where one is named: it reports keys that it does not know, so it gets no
 * others. Learns nothing untrusted. */
export function serverOptions(folder?: string): object {
  const given = workspace.getConfiguration("charwise", folder === undefined ? undefined : Uri.parse(folder));
  return {
    suggestions: {
      automatic: given.get("suggestions.automatic", true),
      maxCharacters: given.get("suggestions.maxCharacters", 0),
      maxLines: given.get("suggestions.maxLines", 0),
      alternatives: given.get("suggestions.alternatives", 3),
      multiline: given.get("suggestions.multiline", ""),
      eagerness: given.get<number | null>("suggestions.eagerness") ?? -1,
    },
    workspaces: {
      learn: workspace.isTrusted && given.get("workspaces.learn", true),
      onBattery: given.get<boolean | null>("workspaces.onBattery") ?? null,
    },
    progress: false, // the status item shows it
    logLevel: given.get("logLevel", "warning"),
  };
}
