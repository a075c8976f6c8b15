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
    enable: given.get("enable", { "*": true }),
    exclude: given.get("exclude", []),
    alternatives: given.get("suggestions.alternatives", 3),
    onlyConfident: given.get("suggestions.onlyConfident", false),
    generate: { length: given.get("generate.length", 400), temperature: given.get("generate.temperature", 0.8) },
  };
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
