import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type EpochRecord, madelonLike, SparseMlp, type StepRecord, train } from "../../mod.ts";
import { Board } from "../../src/tensorboard/board.ts";
import { pythonAt, pythonWith } from "../python.ts";
import { inFolder } from "../temporary.ts";
import { filesBelow, recordsIn } from "./records.ts";

const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
const make = () => SparseMlp.create({ sizes: [20, 16, 8, 2], density: 0.5, seed: 1 });

/** Trains under a board; returns what was told. */
async function watched(folder: string, epochs: number, epochsDone = 0) {
  const [steps, records]: [StepRecord[], EpochRecord[]] = [[], []];
  const model = make();
  using board = await Board.open(folder, { epochsDone, every: 4, settings: { "a|b": "<script>", seed: 1 } });
  const onStep = (step: StepRecord) => {
    steps.push(step);
    board.step(step);
  };
  const options = {
    epochs,
    epochsDone,
    batchSize: 64,
    validationFraction: 0.2,
    keep: "last",
    onStep,
  } as const;
  for await (const record of train(model, data, options)) {
    records.push(record);
    board.epoch(record, model);
  }
  board.end();
  return { model, steps, records };
}

/** Prints what TensorBoard's own reader finds in the runs below a folder. */
const READ = `
import json, sys, os
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util
found = {}
for run in sorted(os.listdir(sys.argv[1])):
    events = event_accumulator.EventAccumulator(os.path.join(sys.argv[1], run), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    found[run] = {
        "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
        "histograms": {tag: [[e.step, e.histogram_value.num, e.histogram_value.min, sum(e.histogram_value.bucket)] for e in events.Histograms(tag)] for tag in tags["histograms"]},
        "texts": {tag: [[e.step, tensor_util.make_ndarray(e.tensor_proto).item().decode()] for e in events.Tensors(tag)] for tag in tags["tensors"]},
        "plugins": {tag: events.SummaryMetadata(tag).plugin_data.plugin_name for tag in tags["tensors"]},
        "writer": events.GetSourceWriter(),
    }
print(json.dumps(found))
`;

type Points = Record<string, number[][]>;
type Found = Record<
  string,
  { scalars: Points; histograms: Points; texts: Record<string, [number, string][]>; writer: string }
>;

Deno.test("Board writes a run for each part of the data and one for steps, flushed with each epoch", () =>
  inFolder(async (folder) => {
    const { steps } = await watched(folder, 2);
    assertEquals(filesBelow(folder).map((path) => path.split("/")[0]), [
      "steps",
      "test",
      "train",
      "validation",
    ]);
    // Two records that begin the file, then a point for four steps; the last two make one of their own.
    assertEquals(steps.length, 10);
    assertEquals(recordsIn(`${folder}/steps`).length, 2 + 3);
    assertEquals(recordsIn(`${folder}/test`).length, 2 + 2);
    assertEquals(recordsIn(`${folder}/train`).length, 2 + 1 + 2);
  }));

const tensorboard = await pythonWith("tensorboard");

Deno.test({
  name: "Board writes what TensorBoard reads (with Python's tensorboard)",
  ignore: tensorboard === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const { model, steps, records } = await watched(folder, 3);
      const read = async () => JSON.parse(await pythonAt(tensorboard!, READ, folder)) as Found;
      const found = await read();
      assertEquals(Object.keys(found), ["steps", "test", "train", "validation"]);
      for (
        const [run, part] of [["train", "train"], ["validation", "validation"], ["test", "test"]] as const
      ) {
        for (const [name, value] of [["loss", "Loss"], ["accuracy", "Accuracy"]] as const) {
          const points = found[run].scalars[`epoch/${name}`];
          assertEquals(points.map(([step]) => step), [1, 2, 3]);
          for (const [epoch, point] of points) {
            assertAlmostEquals(point, records[epoch - 1][`${part}${value}`]!, 1e-6);
          }
        }
      }
      const losses = found.steps.scalars["step/loss"];
      assertEquals(losses.map(([step]) => step), [4, 8, 12, 15]);
      const mean = (from: number, to: number) =>
        steps.slice(from, to).reduce((sum, { loss }) => sum + loss, 0) / (to - from);
      for (const [index, [, loss]] of losses.entries()) {
        assertAlmostEquals(loss, mean(4 * index, Math.min(15, 4 * index + 4)), 1e-6);
      }
      const { connections, density } = model.stats();
      assertEquals(found.train.scalars["network/connections"].at(-1), [3, connections]);
      assertAlmostEquals(found.train.scalars["network/density"].at(-1)![1], density, 1e-6);
      for (const [index, layer] of model.layers.entries()) {
        const [epoch, num, min, counted] = found.train.histograms[`weights/layer_${index + 1}`].at(-1)!;
        assertEquals([epoch, num, counted], [3, layer.nnz, layer.nnz]);
        assertEquals(min, Math.min(...layer.values.subarray(0, layer.nnz)));
      }
      const [[, text]] = found.train.texts.settings;
      assert(text.includes("| a&#124;b | &#60;script&#62; |"), text);
      assertEquals(found.train.writer, "truly-sparse");

      // A run that goes on from the end of epoch 1 takes the place of what was written after it.
      await watched(folder, 4, 1);
      const joined = await read();
      assertEquals(joined.train.scalars["epoch/loss"].map(([step]) => step), [1, 2, 3, 4]);
      assertEquals(joined.test.scalars["epoch/loss"][0], found.test.scalars["epoch/loss"][0]);
      assertEquals(joined.steps.scalars["step/loss"].map(([step]) => step), [4, 8, 12, 16, 20]);
    }),
});
