// vscode-languageclient without what the extension does by itself: inline completion, which needs more of the request
// than the client sends, and the server's commands, which would be gone from the palette while no server runs.

import { homedir } from "node:os";
import type { NotebookDocument, TextDocument } from "vscode";
import {
  type ClientCapabilities,
  CloseAction,
  type DynamicFeature,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  type StaticFeature,
} from "vscode-languageclient/node";
import { log } from "./log";
import { SCHEMES } from "./rules";
import { serverOptions } from "./settings";

const OWN: ReadonlySet<string> = new Set(["textDocument/inlineCompletion", "workspace/executeCommand"]);

class Client extends LanguageClient {
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = "registrationType" in feature ? feature.registrationType.method : "";
    if (!OWN.has(method)) super.registerFeature(feature);
  }

  /** Into the log alone: of a server that dies at each start the user would have a message box each time. */
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

const INLINE_COMPLETION: StaticFeature = {
  fillClientCapabilities: (capabilities: ClientCapabilities) => {
    capabilities.textDocument = { ...capabilities.textDocument, inlineCompletion: {} };
  },
  initialize: () => {},
  getState: () => ({ kind: "static" }),
  clear: () => {},
};

type Secluded = (document: TextDocument | NotebookDocument) => boolean;

/** `secluded` keeps a document's text from the server; `closed` is called when the server has ended by itself. */
export function createClient(command: string, secluded: Secluded, closed: () => void): Client {
  const options: LanguageClientOptions = {
    documentSelector: SCHEMES.map((scheme) => ({ scheme })),
    initializationOptions: serverOptions(),
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        closed();
        return { action: CloseAction.DoNotRestart, handled: true, message: "The language server has ended." };
      },
    },
    middleware: {
      ...seclusion(secluded),
      workspace: { configuration: ({ items }) => items.map(({ scopeUri }) => serverOptions(scopeUri)) },
    },
  };
  const client = new Client("charwise", "charwise", { command, args: ["lsp"], options: { cwd: homedir() } }, options);
  client.registerFeature(INLINE_COMPLETION);
  return client;
}

/** A document is secluded or not from when it is opened: one that grows too big is still mirrored. */
function seclusion(secluded: Secluded): NonNullable<LanguageClientOptions["middleware"]> {
  const seen = new Set<string>();
  return {
    didOpen: async (document, next) => {
      if (secluded(document)) return;
      seen.add(document.uri.toString());
      await next(document);
    },
    didChange: async (event, next) => {
      if (seen.has(event.document.uri.toString())) await next(event);
    },
    didClose: async (document, next) => {
      if (seen.delete(document.uri.toString())) await next(document);
    },
    notebooks: {
      didOpen: async (notebook, cells, next) => {
        if (secluded(notebook)) return;
        seen.add(notebook.uri.toString());
        await next(notebook, cells);
      },
      didChange: async (event, next) => {
        if (seen.has(event.notebook.uri.toString())) await next(event);
      },
      didClose: async (notebook, cells, next) => {
        if (seen.delete(notebook.uri.toString())) await next(notebook, cells);
      },
    },
  };
}
