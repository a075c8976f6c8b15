// Finds the Python side: the first `charwise` that runs, of the setting, the folder's virtual environment (never of a
// folder that is not trusted), the PATH and the extension's own environment.

import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Uri, workspace } from "vscode";
import { log } from "./log";
import { settings } from "./settings";
import { isCompatible, MINIMUM, versionIn } from "./version";

/** No more is waited for `charwise --version`, which takes a fraction of a second on a quiet machine. */
const DEADLINE = 30_000;

export type Found = { command: string; version: string } | { problem: string };

/** Where the extension's own environment is. */
export function ownEnvironment(storage: Uri): string {
  return join(storage.fsPath, "venv");
}

export function programIn(environment: string): string {
  return join(environment, "bin", "charwise");
}

export async function find(storage: Uri): Promise<Found> {
  const set = settings().path;
  if (set) return tried(set.replace(/^~(?=\/)/, homedir()));
  const problems: string[] = [];
  for (const command of await candidates(storage)) {
    const found = await tried(command);
    if ("command" in found) return found;
    problems.push(found.problem);
  }
  return { problem: problems.join("; ") };
}

async function candidates(storage: Uri): Promise<string[]> {
  const folders = workspace.isTrusted ? (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath) : [];
  const inFolders = folders.flatMap((folder) => [".venv", "venv"].map((name) => programIn(join(folder, name))));
  const there = await Promise.all([...inFolders, programIn(ownEnvironment(storage))].map(exists));
  return [
    ...inFolders.filter((_, n) => there[n]),
    "charwise",
    ...(there.at(-1) ? [programIn(ownEnvironment(storage))] : []),
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function tried(command: string): Promise<Found> {
  try {
    const { stdout } = await promisify(execFile)(command, ["--version"], { timeout: DEADLINE, cwd: homedir() });
    const version = versionIn(stdout);
    if (version && isCompatible(version)) return { command, version };
    return { problem: `${command} is version ${version ?? "unknown"}, but ${MINIMUM} or newer is needed` };
  } catch (error) {
    log.info(`${command} does not run: ${error}`);
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return { problem: isMissing ? `there is no ${command}` : `${command} --version fails` };
  }
}
