import assert from "node:assert/strict";
import { test } from "node:test";
import { confidentPart, firstCharacter, rest, suggestedBytes, typedUnits } from "../src/text";

test("what is typed is taken off a suggestion that begins with it", () => {
  assert.equal(rest("return value", "ret"), "urn value");
  assert.equal(rest("return value", ""), "return value");
  assert.equal(rest("return value", "return value"), "");
});

test("a suggestion that something else was typed against has no rest", () => {
  assert.equal(rest("return", "raise"), undefined);
  assert.equal(rest("re", "ret"), undefined);
});

test("line ends of the document do not matter", () => {
  assert.equal(rest("if x:\n    y", "if x:\r\n  "), "  y");
});

test("a character is what people count, however many units it has", () => {
  assert.equal(firstCharacter("👩‍💻 works"), "👩‍💻");
  assert.equal(firstCharacter("e\u0301t"), "e\u0301");
  assert.equal(firstCharacter("abc"), "a");
  assert.equal(firstCharacter(""), "");
});

test("the confident part ends where confidence drops, whatever of it is typed", () => {
  assert.equal(confidentPart("textwrap.dedent(text)", "tex", 15), "twrap.dedent");
  assert.equal(confidentPart("textwrap.dedent(text)", "textwrap.", 15), "dedent");
});

test("past the confident part the next character is taken", () => {
  assert.equal(confidentPart("textwrap.dedent(text)", "textwrap.dedent", 15), "(");
});

test("the typed word is no part of what was suggested", () => {
  assert.equal(suggestedBytes("größer als", 7, 10), 7); // "grö" is typed, "ßer als" suggested: 8 bytes less one
  assert.equal(suggestedBytes("return", 3, 4), 1);
  assert.equal(suggestedBytes("return", 3, 2), 0);
});

test("the cursor stands after what was typed, and within a pair", () => {
  assert.equal(typedUnits("a"), 1);
  assert.equal(typedUnits("\n    "), 5);
  assert.equal(typedUnits("()"), 1);
  assert.equal(typedUnits("👩"), 2);
});
