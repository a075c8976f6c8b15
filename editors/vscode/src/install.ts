// Makes the extension's own environment: python3 -m venv, then pip install, with progress and a way out.

import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import { type CancellationToken, commands, type Progress, ProgressLocation, type Uri, window } from "vscode";
import { log } from "./log";
import { ownEnvironment } from "./python";
import { settings } from "./settings";

type Reports = Progress<{ message: string }>;

let hasOffered = false;

/** Says once that the Python side is missing, and what can be done. */
export async function offerInstallation(problem: string): Promise<void> {
  log.warn(`no charwise to start: ${problem}`);
  if (hasOffered) return;
  hasOffered = true;
  const [install, path] = ["Install", "Set Path"];
  const text = `charwise needs its Python side: ${problem}. Install it in an environment of its own?`;
  const chosen = await window.showWarningMessage(text, install, path, "Not Now");
  if (chosen === install) await commands.executeCommand("charwise.install");
  if (chosen === path) await commands.executeCommand("workbench.action.openSettings", "charwise.path");
}

/** Returns whether it is there now; says what to do where it is not. */
export async function install(storage: Uri): Promise<boolean> {
  const options = { location: ProgressLocation.Notification, title: "Installing charwise", cancellable: true };
  try {
    await window.withProgress(options, (progress, token) => makeEnvironment(storage, progress, token));
    return true;
  } catch (error) {
    await rm(ownEnvironment(storage), { recursive: true, force: true }); // half of one would be tried at each start
    void sayWhatToDo(error as Error);
    return false;
  }
}

async function makeEnvironment(storage: Uri, progress: Reports, token: CancellationToken): Promise<void> {
  const { python, requirement } = settings();
  const folder = ownEnvironment(storage);
  await run(python, ["-m", "venv", "--clear", folder], progress, token);
  await run(`${folder}/bin/python`, ["-m", "pip", "install", "--progress-bar", "off", requirement], progress, token);
}

function run(command: string, args: string[], progress: Reports, token: CancellationToken): Promise<void> {
  log.info(`$ ${command} ${args.join(" ")}`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], cwd: homedir() });
    const cancelled = token.onCancellationRequested(() => child.kill());
    let last = "";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        log.info(line);
        last = line.trim() || last;
        progress.report({ message: last.slice(0, 80) });
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      cancelled.dispose();
      if (code === 0) resolve();
      else reject(new Error(token.isCancellationRequested ? "cancelled" : last || `${command} ended with ${code}`));
    });
  });
}

async function sayWhatToDo(error: Error): Promise<void> {
  log.error(`the installation failed: ${error.message}`);
  if (error.message === "cancelled") return;
  const [show, python] = ["Show Log", "Set Python"];
  const text = `charwise was not installed: ${error.message}. It needs Python 3.11 or newer with venv; by hand: pip install charwise`;
  const chosen = await window.showErrorMessage(text, show, python);
  if (chosen === show) log.show();
  if (chosen === python) await commands.executeCommand("workbench.action.openSettings", "charwise.install");
}
