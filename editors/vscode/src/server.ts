// The language server's life: started, restarted (several wishes at once are one), started anew when it died, slower
// each time. While it is away nothing is suggested, and nothing is an error.

import {
  type CancellationToken,
  CancellationTokenSource,
  commands,
  type Disposable,
  EventEmitter,
  type NotebookDocument,
  type TextDocument,
} from "vscode";
import {
  type InlineCompletionItem,
  type InlineCompletionList,
  type LanguageClient,
  ShowMessageNotification,
} from "vscode-languageclient/node";
import { createClient } from "./client";
import { log } from "./log";
import type { Found } from "./python";

export interface Status {
  kind: "ready" | "learning" | "paused" | "off" | "error";
  message: string;
  percent?: number | null;
  busy?: boolean;
}

// Short enough that nobody notices, then slower: a server that dies at once would keep the machine busy.
const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;
const HEALTHY = 10_000;

const NEVER = new CancellationTokenSource().token;

export class Server implements Disposable {
  private readonly statusChanged = new EventEmitter<Status>();
  readonly onStatus = this.statusChanged.event;
  private readonly generated = new EventEmitter<{ token: string; text: string }>();
  readonly onGenerated = this.generated.event;

  private client: LanguageClient | undefined;
  private command = ""; // what died is started again without another search
  private isToFind = true;
  private work = Promise.resolve();
  private isQueued = false;
  private delay = FIRST_DELAY;
  private timer: NodeJS.Timeout | undefined;

  /** `find` names the program, or the problem, which `missing` is told. */
  constructor(
    private readonly find: () => Promise<Found>,
    private readonly secluded: (document: TextDocument | NotebookDocument) => boolean,
    private readonly missing: (problem: string) => void,
  ) {}

  dispose(): void {
    clearTimeout(this.timer);
    void this.stop();
  }

  /** Search the program and start it; what runs is stopped first. */
  restart(): Promise<void> {
    this.isToFind = true;
    return this.renew();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.stop().catch((error) => log.info(`the server did not stop in time: ${error}`));
  }

  get convert(): LanguageClient["code2ProtocolConverter"] | undefined {
    return this.running?.code2ProtocolConverter;
  }

  /** Suggestions; nothing where the server is away, in trouble, or the question is outdated. */
  async suggest(params: object, token: CancellationToken): Promise<InlineCompletionItem[]> {
    try {
      const answer = await this.running?.sendRequest<InlineCompletionList | null>(
        "textDocument/inlineCompletion",
        params,
        token,
      );
      return answer?.items ?? [];
    } catch (error) {
      if (!token.isCancellationRequested) log.info(`no suggestions: ${error}`);
      return [];
    }
  }

  /** Run a command of the server; rejects with what the server says. */
  async execute<T>(command: string, args: unknown[] = [], token = NEVER): Promise<T> {
    const client = this.running;
    if (!client) throw new Error("the language server does not run; see the log");
    return client.sendRequest<T>("workspace/executeCommand", { command, arguments: args }, token);
  }

  tell(method: string, params: object): void {
    this.running?.sendNotification(method, params).catch((error) => log.info(`${method} was not sent: ${error}`));
  }

  private get running(): LanguageClient | undefined {
    return this.client?.isRunning() ? this.client : undefined;
  }

  private renew(): Promise<void> {
    clearTimeout(this.timer);
    if (!this.isQueued) {
      this.isQueued = true;
      this.work = this.work.then(() => {
        this.isQueued = false;
        return this.startAnew().catch((error) => log.error(`the server cannot be started: ${error}`));
      });
    }
    return this.work;
  }

  private async startAnew(): Promise<void> {
    await this.stop();
    if (this.isToFind && !(await this.search())) return;
    await this.start(this.command);
  }

  private async search(): Promise<boolean> {
    this.isToFind = false; // first: who wishes for a restart during the search wants another one
    const found = await this.find();
    if ("problem" in found) {
      this.isToFind = true;
      this.statusChanged.fire({ kind: "error", message: found.problem });
      this.missing(found.problem);
      return false;
    }
    log.info(`starting ${found.command} lsp (version ${found.version})`);
    void commands.executeCommand("setContext", "charwise.found", true);
    this.command = found.command;
    return true;
  }

  private async start(command: string): Promise<void> {
    const began = Date.now();
    const client = createClient(command, this.secluded, () => this.died(client, began));
    client.onNotification("charwise/didChangeStatus", (status: Status) => this.statusChanged.fire(status));
    client.onNotification("charwise/didGenerate", (piece) => this.generated.fire(piece));
    // In place of a message box, which may come at any key: the status tells it, for as long as it is so.
    client.onNotification(ShowMessageNotification.type, ({ message }) => log.warn(message));
    this.client = client;
    this.statusChanged.fire({ kind: "ready", message: "" });
    await client.start().catch((error) => {
      log.error(`the server did not start: ${error}`);
      this.died(client, began);
    });
  }

  private died(client: LanguageClient, began: number): void {
    if (client !== this.client) return; // it was stopped
    this.client = undefined;
    if (Date.now() - began > HEALTHY) this.delay = FIRST_DELAY;
    this.statusChanged.fire({ kind: "error", message: "the language server has ended, and is started again" });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew(), this.delay);
    this.delay = Math.min(2 * this.delay, LONGEST_DELAY);
  }
}
