// Runs JavaScript that a test posts, with the editor's API, and notes where the editor asks for inline completions.
//
// Keys and what is drawn are the browser's matter: this opens files, reads buffers and says when the editor has asked.

const { createServer } = require("node:http");
const { writeFileSync } = require("node:fs");
const vscode = require("vscode");

const asked = []; // [uri, version] of each request

exports.activate = () => {
  vscode.languages.registerInlineCompletionItemProvider([{ scheme: "*" }], {
    provideInlineCompletionItems: (document) => {
      asked.push([document.uri.toString(), document.version]);
      return [];
    },
  });
  const server = createServer(async (request, response) => {
    let code = "";
    for await (const piece of request) code += piece;
    try {
      const run = new (async () => {}).constructor("vscode", "asked", code);
      response.end(JSON.stringify({ value: await run(vscode, asked) }));
    } catch (error) {
      response.end(JSON.stringify({ error: String(error?.stack ?? error) }));
    }
  });
  const folder = vscode.workspace.workspaceFolders?.[0]?.name ?? "none";
  server.listen(0, "127.0.0.1", () => {
    writeFileSync(`${process.env.CHARWISE_TEST_DRIVER}/${folder}`, String(server.address().port));
  });
};
