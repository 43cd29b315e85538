/**
 * Whether the files of a data set can be had.
 *
 * @module
 */
import { datasets } from "../../mod.ts";
import { find } from "../../src/data/locate.ts";
import type { PaperDataset } from "./paper.ts";

/**
 * Why a data set cannot be used here, and how to get it; undefined where its files are found, or can be downloaded.
 *
 * @throws {DatasetError} When there is no such data directory.
 */
export async function lacking(
  dataset: PaperDataset,
  dataDir: string | undefined,
): Promise<string | undefined> {
  const set = datasets.describe(dataset);
  const downloaded = set.arrangements.some((files) => files.every(({ urls }) => urls !== undefined));
  const tried: string[] = [];
  if (downloaded || await find(set, { dataDir }, tried) !== undefined) return undefined;
  const places = tried.length === 0 ? "a folder that --data-dir names" : tried.join(", ");
  return `its files are not in ${places}: ${set.placement}`;
}
