// Loads the playground as a page does, and compares it with the command line: the same answer for every case, to the byte.
// Usage: node node.mjs MODULE PROGRAM CASES

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

const [module, program, cases] = process.argv.slice(2).map((path) => resolve(path));
const { evaluate, initSync } = await import(pathToFileURL(module));
initSync({ module: readFileSync(join(dirname(module), "playground_bg.wasm")) });

// The command line names files as they are given, and a page has no files: so they have the name that a page gives them.
const folder = mkdtempSync(join(tmpdir(), "playground-"));
after(() => rmSync(folder, { recursive: true }));

/** What the command line prints: the document, or its error on one line. */
function commandLine(manifests, settings, ...options) {
  writeFileSync(join(folder, "manifests.yaml"), manifests);
  writeFileSync(join(folder, "settings.yaml"), settings);
  const given = ["--output", "json", "--settings", "settings.yaml", ...options, "manifests.yaml"];
  const { error, status, stdout, stderr } = spawnSync(program, given, { cwd: folder, encoding: "utf8" });
  if (error) throw error;
  return status === 1 ? { error: stderr.replace(/^error: /, "").trimEnd() } : { document: stdout };
}

/** What a page gets, in the same form. */
function page(manifests, options) {
  try {
    return { document: evaluate(manifests, options) };
  } catch (error) {
    assert(error instanceof Error, `not an Error: ${error}`);
    const lines = error.message.split("\n").map((line) => line.trim());
    return { error: lines.join(" ").trimEnd() };
  }
}

const indented = (text) => text.replace(/^(?=.)/gm, "  ");

test("every case has the answer of the command line", () => {
  const counts = { document: 0, error: 0 };
  const caseFolders = readdirSync(cases, { recursive: true })
    .filter((path) => path.endsWith("object.yaml") && !path.endsWith("old-object.yaml"))
    .map((path) => join(cases, dirname(path)));
  for (const caseFolder of caseFolders) {
    const read = (file) => {
      const path = join(caseFolder, file);
      return existsSync(path) ? readFileSync(path, "utf8") : undefined;
    };
    const files = ["cluster.yaml", "old-object.yaml", "object.yaml"].map(read);
    const manifests = files.filter((text) => text !== undefined).join("\n---\n");
    const settings = read("settings.yaml") ?? "{}";
    const expected = commandLine(manifests, settings);
    assert.deepEqual(page(manifests, `settings:\n${indented(settings)}`), expected, caseFolder);
    counts[Object.keys(expected)[0]] += 1;
  }
  console.log(`${counts.document} cases with the same document, ${counts.error} with the same error`);
  assert(counts.document >= 1000, "too few cases that can be evaluated");
});

test("options are those of the command line", () => {
  const manifests = readFileSync(new URL("manifests.yaml", import.meta.url), "utf8");
  const options = { settings: { mode: "mutate" }, namespace: "shop", ingressClasses: ["alb"] };
  const given = ["--namespace", "shop", "--ingress-class", "alb"];
  const expected = commandLine(manifests, JSON.stringify(options.settings), ...given);
  assert.equal(JSON.parse(expected.document).summary.mutated, 1);
  assert.deepEqual(page(manifests, JSON.stringify(options)), expected);
  assert.deepEqual(page(manifests, undefined), commandLine(manifests, "{}"));
});

test("what cannot be evaluated is an Error with the sentence of the command line", () => {
  for (const [manifests, settings] of [
    ["kind: A", "{}"],
    ["", "{}"],
    ["a: b: c", "{}"],
    ["{apiVersion: v1, kind: Service, metadata: {name: cart}}", "{mode: x}"],
  ]) {
    const expected = commandLine(manifests, settings);
    assert(expected.error, JSON.stringify(expected));
    assert.deepEqual(page(manifests, `settings: ${settings}`), expected);
  }
  assert.match(page("", "{x: 1}").error, /^invalid options: unknown field `x`/);
});
