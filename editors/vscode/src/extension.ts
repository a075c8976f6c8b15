// Wires the parts together: who is told of what, which command is whose.

import { commands, type ExtensionContext, workspace } from "vscode";
import { Accept } from "./accept";
import { Documents } from "./documents";
import { Feedback } from "./feedback";
import { Focus } from "./focus";
import { forgetFile } from "./forget";
import { Generate } from "./generate";
import { install, offerInstallation } from "./install";
import { LEARNED, Learned } from "./learned";
import { log } from "./log";
import { showMenu } from "./menu";
import { chooseModel } from "./models";
import { Offer } from "./offer";
import { find } from "./python";
import { Questions } from "./questions";
import { SCHEMES } from "./rules";
import { Server } from "./server";
import { StatusItem } from "./status";
import { ACCEPTED, register, Suggestions } from "./suggestions";
import { toggleEverywhere, toggleFile, toggleLanguage } from "./toggle";
import { Typing } from "./typing";

// Settings that the server is started with.
const STARTED_WITH = ["charwise.path", "charwise.exclude"];

export function activate(context: ExtensionContext): void {
  const storage = context.globalStorageUri;
  const documents = new Documents(context.workspaceState);
  const server = new Server(
    () => find(storage),
    (document) => documents.isSecluded(document),
    offerInstallation,
  );
  const feedback = new Feedback(server);
  const offer = new Offer();
  const typing = new Typing(offer, feedback);
  const accept = new Accept(offer, feedback);
  const status = new StatusItem(documents);
  const generate = new Generate(server);
  const learned = new Learned(server);
  const questions = new Questions(server, (document) => documents.silenced(document));
  const suggestions = new Suggestions(questions, documents, offer, typing, feedback);
  const selector = SCHEMES.map((scheme) => ({ scheme }));

  context.subscriptions.push(
    log,
    server,
    typing,
    questions,
    new Focus(server, documents),
    status,
    server.onStatus((each) => status.set(each)),
    register(selector, suggestions),
    workspace.registerTextDocumentContentProvider(LEARNED, learned),
    workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    workspace.onDidChangeConfiguration((event) => {
      if (STARTED_WITH.some((key) => event.affectsConfiguration(key))) void server.restart();
      if (event.affectsConfiguration("charwise")) status.draw();
    }),
    commands.registerCommand(ACCEPTED, feedback.accepted, feedback),
  );
  const told: Record<string, () => unknown> = {
    acceptCharacter: () => accept.character(),
    acceptConfident: () => accept.confident(),
    toggle: toggleEverywhere,
    toggleLanguage,
    toggleFile: async () => {
      await toggleFile(documents);
      status.draw();
    },
    showMenu: () => showMenu(status.status),
    pause: () => server.execute("charwise.pause"),
    resume: () => server.execute("charwise.resume"),
    retrain: () => server.execute("charwise.retrain"),
    forgetFile: () => forgetFile(server),
    chooseModel: () => chooseModel(server),
    showLearned: () => learned.show(),
    generate: () => generate.run(),
    stopGenerating: () => generate.stop(),
    install: async () => (await install(storage)) && server.restart(),
    restart: () => server.restart(),
    showLog: () => log.show(),
  };
  for (const [name, run] of Object.entries(told)) {
    context.subscriptions.push(commands.registerCommand(`charwise.${name}`, run));
  }
  void server.restart();
}
