/**
 * How samples are dealt into folds: the options of cross-validation.
 *
 * @module
 */
import type { Option } from "../option.ts";

const FOLDS = { group: "run", commands: ["cross-validate"] } as const;

/** In the order help shows them. */
export const CROSS_VALIDATION_OPTIONS = [
  {
    ...FOLDS,
    name: "folds",
    kind: "whole",
    value: "K",
    least: 2,
    default: "5",
    help: "Parts the samples are dealt into, each class evenly; each part tests what the others taught.",
  },
  {
    ...FOLDS,
    name: "repeats",
    kind: "whole",
    value: "N",
    least: 1,
    default: "1",
    help: "How often the samples are dealt anew and every fold is trained.",
  },
  {
    ...FOLDS,
    name: "group-column",
    kind: "text",
    value: "COLUMN",
    help:
      "Column with what a sample belongs to, such as a patient or a batch: those of one group stay in one fold. " +
      "It is no feature. A name in the header.",
    needs: [{ option: "data" }],
    excludes: [{
      option: "missing-labels",
      values: ["drop"],
      because: "groups are read of all rows; leave rows without a label out of the file",
    }],
  },
] as const satisfies readonly Option[];
