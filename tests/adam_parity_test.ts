import { assert, assertEquals } from "@std/assert";
import { SparseMlp } from "../src/model/model.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { ADAM_STEP, gradientViews, numbers, runApply, type TestStep } from "./oracle/batch.ts";
import { assertClose } from "./oracle/mlp.ts";
import { hasModules, python } from "./python.ts";

const STEPS = 25;
const hasTorch = hasModules("torch");

/** Parameters or gradients in PyTorch's order: weights and biases of each layer, which decay, then what does not. */
interface Lists {
  readonly decaying: number[][];
  readonly others: number[][];
}

type Parts = readonly {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly own: Float32Array;
}[];

function lists(parts: Parts): Lists {
  const own = parts.map((part) => [...part.own]).filter((list) => list.length > 0);
  return { decaying: parts.flatMap(({ weights, bias }) => [[...weights], [...bias]]), others: own };
}

const valuesOf = ({ layers }: SparseMlp): Parts =>
  layers.map(({ nnz, values, bias, activationParameters }) => ({
    weights: values.subarray(0, nnz),
    bias,
    own: activationParameters,
  }));

const planeOf = ({ layers }: SparseMlp, plane: number): Parts =>
  layers.map(({ nnz, planes, biasPlanes, activationPlanes }) => ({
    weights: planes[plane].subarray(0, nnz),
    bias: biasPlanes[plane],
    own: activationPlanes[plane],
  }));

/** Gradients of a step: of all sizes, some 0, some that come once. */
function fillGradients(parts: Parts, step: number): void {
  const next = numbers(step + 40);
  for (const array of parts.flatMap(({ weights, bias, own }) => [weights, bias, own])) {
    array.forEach((_, at) => {
      const scale = 10 ** (at % 7 - 4);
      array[at] = at % 11 === 3 ? 0 : at % 11 === 5 && step > 0 ? 0 : scale * next();
    });
  }
}

const CASES: readonly (readonly [name: "Adam" | "AdamW", settings: Partial<TestStep>])[] = [
  ["Adam", { weightDecay: 0 }],
  ["Adam", { weightDecayForm: "coupled", weightDecay: 0.1 }],
  ["Adam", { weightDecay: 0, beta1: 0, beta2: 0.5, adamEpsilon: 1e-3 }],
  ["AdamW", { weightDecayForm: "decoupled", weightDecay: 0.1 }],
  ["AdamW", { weightDecayForm: "decoupled", weightDecay: 0.5, beta1: 0.5, beta2: 0.9, learningRate: 0.1 }],
];

for (const [name, change] of CASES) {
  Deno.test({
    name: `applyGradients() moves parameters as torch.optim.${name} does (${JSON.stringify(change)})`,
    ignore: !hasTorch,
    async fn() {
      const model = SparseMlp.create({ sizes: [9, 30, 20, 3], density: 0.5, activation: "prelu", seed: 4 });
      const settings = { ...ADAM_STEP, ...change };
      model.holdState(stateFor(settings));
      const start = lists(valuesOf(model));
      const arena = model.allocateGradients();
      const parts = gradientViews(model, arena).map(({ weights, bias, activationParameters }, layer) => ({
        ...{ bias, own: activationParameters, weights: weights.subarray(0, model.layers[layer].nnz) },
      }));
      const gradients: number[][][] = [];
      for (let step = 0; step < STEPS; step++) {
        fillGradients(parts, step);
        const { decaying, others } = lists(parts);
        gradients.push([...decaying, ...others]);
        runApply(model, arena, settings);
      }
      assertEquals(model.updates, STEPS);
      const { learningRate, beta1, beta2, adamEpsilon, weightDecay } = settings;
      const torch = { lr: learningRate, betas: [beta1, beta2], eps: adamEpsilon, weight_decay: weightDecay };
      const path = await Deno.makeTempFile();
      try {
        await Deno.writeTextFile(
          path,
          JSON.stringify({ optimizer: name, settings: torch, ...start, gradients }),
        );
        const program = await Deno.readTextFile(new URL("parity/adam.py", import.meta.url));
        const expected: Record<string, number[][]> = JSON.parse(await python(program, path));
        const found = {
          values: valuesOf(model),
          meanGradient: planeOf(model, 0),
          meanSquare: planeOf(model, 1),
        };
        assertEquals(Object.keys(expected), Object.keys(found));
        for (const [what, parts] of Object.entries(found)) {
          const { decaying, others } = lists(parts);
          for (const [list, numbers] of [...decaying, ...others].entries()) {
            assert(numbers.length > 0);
            // PyTorch counts in f64 here; 25 steps round a few times each, 2⁻²⁴ of the largest.
            assertClose(numbers, expected[what][list], 5e-6, `${what} ${list}`);
          }
        }
      } finally {
        await Deno.remove(path);
      }
    },
  });
}
