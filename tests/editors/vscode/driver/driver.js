// Runs JavaScript that a test posts, with the editor's API, and notes where the editor asks for inline completions.
//
// Keys and what is drawn are the browser's matter: this opens files, reads buffers and says when the editor has asked.

const { createServer } = require("node:http");
const { writeFileSync } = require("node:fs");
const vscode = require("vscode");

const asked = []; // [uri, version] of each request
const floor = { text: "" }; // where it is set: what to suggest at once, in place of anything that takes time

exports.activate = () => {
  vscode.languages.registerInlineCompletionItemProvider([{ scheme: "*" }], {
    provideInlineCompletionItems: (document, position) => {
      asked.push([document.uri.toString(), document.version]);
      if (!floor.text) return [];
      const text = `${floor.text} ${document.version}`; // another one at each key
      return [new vscode.InlineCompletionItem(text, new vscode.Range(position, position))];
    },
  });
  const server = createServer(async (request, response) => {
    let code = "";
    for await (const piece of request) code += piece;
    try {
      const run = new (async () => {}).constructor("vscode", "asked", "floor", code);
      response.end(JSON.stringify({ value: await run(vscode, asked, floor) }));
    } catch (error) {
      response.end(JSON.stringify({ error: String(error?.stack ?? error) }));
    }
  });
  const folder = vscode.workspace.workspaceFolders?.[0]?.name ?? "none";
  server.listen(0, "127.0.0.1", () => {
    writeFileSync(`${process.env.CHARWISE_TEST_DRIVER}/${folder}`, String(server.address().port));
  });
};
