/**
 * Features by what they are worth, as `inspect` and `select-features` show them.
 *
 * @module
 */
import type { SelectedFeatures } from "../features/select.ts";
import { columns } from "./format.ts";

/** Characters of the longest bar. */
const BAR = 30;

/** A line a feature, best first; bars are shares of the best score. */
export function featureTable({ features, method }: SelectedFeatures): string[] {
  const most = Math.max(...features.map(({ score }) => score)) || 1;
  const rows = features.map(({ rank, name, score }) => [
    `${rank}`,
    name,
    score.toPrecision(4),
    "█".repeat(Math.round(BAR * (score / most))),
  ]);
  return columns([["rank", "feature", method, ""], ...rows], ["right", "left", "right", "left"]);
}
