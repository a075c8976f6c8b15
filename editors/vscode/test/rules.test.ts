import assert from "node:assert/strict";
import { test } from "node:test";
import { type Described, secluded, silenced } from "../src/rules";

const source: Described = {
  scheme: "file",
  path: "/home/me/project/main.py",
  relative: "main.py",
  language: "python",
  characters: 1000,
};
const all = { enable: { "*": true }, exclude: [] };

test("source, untitled buffers and cells of notebooks are suggested in", () => {
  for (const scheme of ["file", "untitled", "vscode-notebook-cell"]) {
    assert.equal(silenced({ ...source, scheme }, all), undefined);
  }
});

test("output, settings, diffs and the source control's input are not", () => {
  for (const scheme of ["output", "vscode-userdata", "git", "vscode-scm", "comment"]) {
    assert.match(silenced({ ...source, scheme }, all) ?? "", /no text to write in/);
  }
});

test("files of secrets never reach the server, whatever is set", () => {
  const names = [
    ".env",
    ".env.local",
    "prod.env",
    "server.pem",
    "tls.KEY",
    "id_rsa",
    "secrets.yaml",
    "terraform.tfstate",
  ];
  for (const name of [...names, ".ssh/config", ".aws/credentials"]) {
    assert.match(secluded({ ...source, path: `/home/me/${name}` }, []) ?? "", /secrets/, name);
  }
});

test("an example of .env, and a name that only sounds secret, are no secrets", () => {
  for (const name of [".env.example", "environment.py", "keyboard.ts", "secretary.md"]) {
    assert.equal(secluded({ ...source, path: `/home/me/${name}` }, []), undefined, name);
  }
});

test("a language can be off, or alone be on", () => {
  assert.match(silenced(source, { enable: { "*": true, python: false }, exclude: [] }) ?? "", /python/);
  assert.equal(silenced(source, { enable: { "*": false, python: true }, exclude: [] }), undefined);
  assert.match(silenced(source, { enable: { "*": false }, exclude: [] }) ?? "", /is off/);
});

test("globs leave files out", () => {
  assert.match(silenced(source, { enable: {}, exclude: ["**/project/*.py"] }) ?? "", /exclude/);
  assert.equal(silenced(source, { enable: {}, exclude: ["**/*.js", "**/vendor/**"] }), undefined);
});

test("globs may begin at the folder, as in files.exclude", () => {
  const drafts = { ...source, path: "/home/me/project/drafts/one.md", relative: "drafts/one.md" };
  assert.match(silenced(drafts, { enable: {}, exclude: ["drafts/**"] }) ?? "", /exclude/);
  assert.match(silenced(source, { enable: {}, exclude: ["*.py"] }) ?? "", /exclude/);
  assert.equal(silenced(source, { enable: {}, exclude: ["drafts/**"] }), undefined);
});

test("a file that is too big is left alone", () => {
  assert.match(silenced({ ...source, characters: 3_000_000 }, all) ?? "", /too big/);
});
