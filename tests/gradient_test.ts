import { assert } from "@std/assert";
import { TASKS } from "../src/task.ts";
import {
  ACTIVATIONS,
  gradientViews,
  randomBatch,
  randomModel,
  runEvaluation,
  runStep,
  STEP,
} from "./oracle/batch.ts";
import { forward, oracleOf, type OraclePass } from "./oracle/mlp.ts";
import type { SparseMlp } from "../src/model/model.ts";
import { describeActivation, resolveActivation } from "../src/model/activation.ts";
import { activationOf } from "../src/model/settings.ts";

const SIZES = [5, 9, 8, 7, 3];
const SAMPLES = 20;
const SHIFT = 2 ** -7;
// Central differences of an f32 loss near 1: rounding 2⁻²³ / SHIFT ≈ 2e-5 a sum, and a third-order term of about
// SHIFT² / 6 ≈ 1e-5; measured at most 2e-4 of the largest gradient.
const TOLERANCE = 1e-3;

/** On which side of its kinks each unit is in each sample. */
function sides(model: SparseMlp, pass: OraclePass): string {
  return pass.sums.slice(0, -1).flatMap((samples, index) => {
    const { activationParameters } = model.layers[index];
    const { kind } = activationOf(model.settings, index);
    if (kind === "sigmoid" || kind === "tanh" || kind === "identity") return "";
    return samples.map((z) =>
      Array.from(z, (value, j) => {
        if (kind !== "srelu") return value > 0 ? "+" : "-";
        const [left, , right] = activationParameters.subarray(4 * j);
        return value < left ? "<" : value > right ? ">" : "=";
      }).join("")
    );
  }).join();
}

for (const task of TASKS) {
  for (const activation of [...ACTIVATIONS, ["prelu", "all-relu", "tanh"] as const]) {
    const named = "kind" in activation
      ? describeActivation(resolveActivation(activation))
      : activation.join(" and ");
    Deno.test(`trainBatch() writes the slopes of the loss: ${named}, ${task}`, () => {
      const model = randomModel({ sizes: SIZES, density: 0.6, activation, task, seed: 8 });
      const random = randomBatch(SIZES, SAMPLES, task, 9);
      const batch = random.tiles(16);
      const gradients = model.allocateGradients();
      runStep(model, batch, STEP, gradients);
      const views = gradientViews(model, gradients);
      const loss = () => runEvaluation(model, batch).loss / SAMPLES;
      const where = () => sides(model, forward(oracleOf(model), random));
      let [checked, skipped] = [0, 0];
      for (const [index, layer] of model.layers.entries()) {
        const parameters = [
          ["weights", layer.values.subarray(0, layer.nnz)],
          ["bias", layer.bias],
          ["activationParameters", layer.activationParameters],
        ] as const;
        for (const [name, values] of parameters) {
          const analytic = views[index][name];
          const largest = Math.max(1e-2, ...analytic.map(Math.abs));
          for (let at = 0; at < values.length; at++) {
            const value = values[at];
            values[at] = value + SHIFT;
            const [up, sideUp] = [loss(), where()];
            values[at] = value - SHIFT;
            const [down, sideDown] = [loss(), where()];
            values[at] = value;
            if (sideUp !== sideDown) {
              skipped++;
              continue;
            }
            const error = Math.abs((up - down) / (2 * SHIFT) - analytic[at]) / largest;
            assert(error < TOLERANCE, `${name} ${at} of layer ${index}: ${analytic[at]}, error ${error}`);
            checked++;
          }
        }
      }
      assert(checked > skipped, `${checked} slopes checked, ${skipped} too near to a kink`);
    });
  }
}

Deno.test("trainBatch() writes the slopes of the loss with dropout in force", () => {
  for (const kind of ["sigmoid", "tanh", "identity"] as const) {
    const model = randomModel({ sizes: SIZES, density: 0.6, activation: kind, seed: 8 });
    const batch = randomBatch(SIZES, SAMPLES, "classification", 9).tiles(16);
    // The same seed and step drop the same units, whatever the weights.
    const settings = { ...STEP, dropout: 0.4, seed: 5, step: 6 };
    const gradients = model.allocateGradients();
    runStep(model, batch, settings, gradients);
    const views = gradientViews(model, gradients);
    const scratch = model.allocateGradients();
    const loss = () => runStep(model, batch, settings, scratch).loss / SAMPLES;
    for (const [index, layer] of model.layers.entries()) {
      for (
        const [name, values] of [["weights", layer.values.subarray(0, layer.nnz)], [
          "bias",
          layer.bias,
        ]] as const
      ) {
        const analytic = views[index][name];
        const largest = Math.max(1e-2, ...analytic.map(Math.abs));
        for (let at = 0; at < values.length; at++) {
          const value = values[at];
          values[at] = value + SHIFT;
          const up = loss();
          values[at] = value - SHIFT;
          const down = loss();
          values[at] = value;
          const error = Math.abs((up - down) / (2 * SHIFT) - analytic[at]) / largest;
          assert(
            error < TOLERANCE,
            `${kind}, ${name} ${at} of layer ${index}: ${analytic[at]}, error ${error}`,
          );
        }
      }
    }
  }
});
