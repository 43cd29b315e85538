/**
 * The command `report`.
 *
 * @module
 */
import { imageShape, readImageShape } from "../data/image_shape.ts";
import type { ImageShape } from "../data/split.ts";
import { messageOf } from "../errors.ts";
import type { LoadedModel } from "../files/checkpoint.ts";
import { readRun, type RunRecord } from "../files/run_record.ts";
import { bytes, duration } from "../format.ts";
import type { SparseMlp } from "../model/model.ts";
import type { ReportContent } from "../report/content.ts";
import { page } from "../report/page.ts";
import { measured } from "../train/measures.ts";
import { WholeFile, writeWhole } from "../whole_file.ts";
import type { Command } from "./command.ts";
import { evaluationData } from "./evaluate.ts";
import { readModelFile } from "./model_file.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { checkOutput, isStdout, printEvent } from "./output.ts";
import { loadingBar } from "./progress.ts";
import { checkTogether, toJson } from "./settings.ts";

/** Makes a page that shows a saved model. */
export const reportCommand: Command = {
  name: "report",
  arguments: [{ name: "MODEL", required: true }],
  summary: "Show a saved model on one page of HTML",
  description:
    "Writes one page that needs nothing beside itself: how the model learned, what it is worth class by class or error " +
    "by error, how sure it is, its layers against dense ones, degrees, importance, the life of its connections, and what " +
    "its inputs are connected to. Data are found as evaluate finds them; without any, the page shows what the model " +
    "itself knows. Without --output it stands beside the model, with .html behind its name.",
  examples: [
    ["On the test part of the data it was trained on", "report model.safetensors"],
    [
      "On new samples, to another place",
      "report flowers.safetensors --data new-flowers.csv --output flowers.html",
    ],
  ],
  run: ([path], values) => reportFile(path, values),
};

async function reportFile(path: string, given: Values): Promise<number> {
  checkTogether(given);
  const { json = false, image: asked } = given;
  const output = given.output ?? `${path.replace(/\.safetensors$/, "")}.html`;
  const shape = asked === undefined ? undefined : readImageShape(asked);
  if (asked !== undefined && shape === undefined) {
    throw new UsageError(`Cannot use --image ${asked}: expected a width and a height, as 28x28, or 32x32x3`);
  }
  if (!isStdout(output)) await checkOutput(output, [path, ...given.data ?? []]);
  const started = performance.now();
  const loaded = await readModelFile(path, given);
  const { model, training } = loaded;
  if (shape !== undefined) checkImage(asked!, shape, model);
  const run = await runOf(path);
  const { data, ...found } = await testedOn(path, loaded, given);
  const values = training?.options.values as Values | undefined;
  const text = await page({
    title: nameOf(path),
    model,
    run,
    settings: values && toJson(values),
    ...found,
    image: shape ?? data?.image ?? run?.image ??
      imageShape(run?.dataset ?? values?.dataset ?? "", model.featureCount),
    featureNames: data?.featureNames,
  });
  const content = new TextEncoder().encode(text);
  await write(output, content);
  const seconds = (performance.now() - started) / 1000;
  if (json && !isStdout(output)) {
    printEvent({ event: "report", model: path, output, bytes: content.length, seconds });
  } else {
    const where = isStdout(output) ? "" : ` to "${output}"`;
    console.error(`Wrote the report${where}, ${bytes(content.length)}, in ${duration(seconds)}`);
  }
  return 0;
}

/** What was measured, or why nothing was. */
type Found = Pick<ReportContent, "tested" | "untested"> & {
  readonly data?: { readonly image?: ImageShape; readonly featureNames: readonly string[] };
};

/** Measures the model on the data asked for, or on those it was trained on, where they are there. */
async function testedOn(path: string, loaded: LoadedModel, given: Values): Promise<Found> {
  const asked = given.data !== undefined || given.dataset !== undefined;
  const { model, training } = loaded;
  if (!asked && model.standardization === undefined) return { untested: "The model was never trained" };
  if (!asked && training === undefined) {
    return { untested: "The model file does not say which samples it was trained on" };
  }
  const { threads = navigator.hardwareConcurrency, json = false } = given;
  try {
    const data = await evaluationData(path, loaded, given);
    using bar = loadingBar(!json);
    const found = measured(model, data.parts, {
      threads,
      onProgress: (done, total) => bar.update("Evaluating", done, total),
    });
    return { tested: { name: data.name, measured: found }, data };
  } catch (cause) {
    if (asked || cause instanceof UsageError) throw cause;
    console.error(`${messageOf(cause)}; the report is made without samples`);
    return { untested: "The samples it was trained on could not be read" };
  }
}

/** What the file keeps of its run; where that is damaged, a line says so. */
async function runOf(path: string): Promise<RunRecord | undefined> {
  try {
    return await readRun(path);
  } catch (cause) {
    console.error(`${messageOf(cause)}; the report is made without its curves`);
    return undefined;
  }
}

function checkImage(asked: string, { width, height, channels }: ImageShape, model: SparseMlp): void {
  if (width * height * channels === model.featureCount) return;
  throw new UsageError(
    `Cannot use --image ${asked}: it has ${
      width * height * channels
    } features, the model takes ${model.featureCount}`,
  );
}

/** The name of a file, without its folder and its ending. */
function nameOf(path: string): string {
  return path.replace(/^.*[\\/]/, "").replace(/\.safetensors$/, "") || path;
}

async function write(output: string, content: Uint8Array): Promise<void> {
  try {
    if (isStdout(output)) await WholeFile.stdout().write(content);
    else await writeWhole(output, (file) => file.write(content));
  } catch (cause) {
    throw new Error(`Cannot write the report to "${output}": ${messageOf(cause)}`, { cause });
  }
}
