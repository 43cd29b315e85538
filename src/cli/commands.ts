/**
 * The commands. A new one is a file that exports a {@linkcode Command}, a line here, and its name in `option.ts`.
 *
 * @module
 */
import type { Command } from "./command.ts";
import { crossValidateCommand } from "./cross_validate.ts";
import { datasetsCommand } from "./datasets.ts";
import { evaluateCommand } from "./evaluate.ts";
import { exportCommand, importCommand } from "./export.ts";
import { inspectCommand } from "./inspect.ts";
import { predictCommand } from "./predict.ts";
import { pruneCommand } from "./prune.ts";
import { reportCommand } from "./report_page.ts";
import { selectFeaturesCommand } from "./select_features.ts";
import { trainCommand } from "./train.ts";

/** Every command, in the order help shows them. */
export const COMMANDS: readonly Command[] = [
  trainCommand,
  crossValidateCommand,
  evaluateCommand,
  reportCommand,
  predictCommand,
  pruneCommand,
  inspectCommand,
  selectFeaturesCommand,
  exportCommand,
  importCommand,
  datasetsCommand,
];
