// Writes `src/schema.ts` of a package from an OpenAPI 3.1 document, and formats the package.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import openapiTS, { astToString, stringToAST } from "openapi-typescript";
import { format } from "prettier";

const [source, folder] = process.argv.slice(2);
// A member with a default may be left out of a request; an editor still offers the values of an open enumeration.
const options = {
  defaultNonNullable: false,
  silent: true,
  transform: (schema) => {
    if (!schema["x-open"]) return undefined;
    const values = [...schema.enum.map((value) => JSON.stringify(value)), "(string & {})"];
    return stringToAST(`type Open = ${values.join(" | ")};`)[0].type;
  },
};
const types = astToString(await openapiTS(JSON.parse(await readFile(source, "utf8")), options));
await writeFile(
  join(folder, "src", "schema.ts"),
  `/** The contract as types, made by openapi-typescript. */\n\n${types}`,
);
for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  await writeFile(path, await format(await readFile(path, "utf8"), { filepath: path, printWidth: 120 }));
}
