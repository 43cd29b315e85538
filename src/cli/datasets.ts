/**
 * The command `datasets`.
 *
 * @module
 */
import type { NamedDataset } from "../data/catalogue.ts";
import { find } from "../data/locate.ts";
import { datasets } from "../data/named.ts";
import type { Command } from "./command.ts";
import { count } from "../format.ts";
import { columns } from "./format.ts";
import type { Values } from "./options.ts";
import { printEvent } from "./output.ts";

/** Lists the named data sets, and which of them are on this machine. */
export const datasetsCommand: Command = {
  name: "datasets",
  summary: "List the data sets that have a name",
  description:
    "Lists named data sets: what they are, whether their files are found, and the paper's settings.",
  examples: [
    ["What there is", "datasets"],
    ["As JSON, one data set a line", "datasets --json"],
  ],
  run: (_, values) => listDatasets(values),
};

async function listDatasets({ json = false, "data-dir": dataDir }: Values): Promise<number> {
  const rows: string[][] = [["name", "samples", "features", "classes", "network", "files"]];
  for (const set of datasets.list()) {
    const paths = set.arrangements.length === 0 ? [] : (await find(set, { dataDir }))?.paths;
    if (json) {
      const { name, description, trainSamples, testSamples, featureCount, classCount, home, settings } = set;
      const shape = { trainSamples, testSamples, featureCount, classCount };
      const event = "dataset";
      printEvent({
        event,
        name,
        description,
        ...shape,
        home,
        available: paths !== undefined,
        paths,
        settings,
      });
      continue;
    }
    rows.push([
      set.name,
      `${count(set.trainSamples)} + ${count(set.testSamples)}`,
      count(set.featureCount),
      String(set.classCount),
      set.settings.hidden.join("-"),
      availability(set, paths),
    ]);
  }
  if (!json) {
    console.log(columns(rows, ["left", "right", "right", "right", "left", "left"]).join("\n"));
    console.log("");
    for (const set of datasets.list()) console.log(`${set.name}: ${set.description}`);
  }
  return 0;
}

/** Where the files are, or how they come. */
function availability(set: NamedDataset, paths: readonly string[] | undefined): string {
  if (set.arrangements.length === 0) return "made up, needs none";
  if (paths !== undefined) return paths[0].replace(/[/\\][^/\\]*$/, "");
  return set.arrangements[0].every((file) => file.urls !== undefined)
    ? "downloaded at first use"
    : "placed by you";
}
