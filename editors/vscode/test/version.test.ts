import assert from "node:assert/strict";
import { test } from "node:test";
import { isCompatible, MINIMUM, versionIn } from "../src/version";

test("the version is found in what the program prints", () => {
  assert.equal(versionIn("charwise 0.12.3\n"), "0.12.3");
  assert.equal(versionIn("something else"), undefined);
});

test("versions are compared as numbers", () => {
  assert.ok(isCompatible(MINIMUM));
  assert.ok(isCompatible("0.10.0"));
  assert.ok(isCompatible("10.0.0"));
  assert.ok(!isCompatible("0.0.9"));
});
