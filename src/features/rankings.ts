/**
 * Scores of features, by each method.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { SparseMlp } from "../model/model.ts";
import type { ModelForOptions } from "../model/data_shape.ts";
import type { EventLoopTurn } from "../event_loop_turn.ts";
import type { TrainOptions } from "../train/options.ts";
import { train } from "../train/trainer.ts";
import { inputAttribution } from "./attribution.ts";
import { columnScores, type FeatureColumn } from "./columns.ts";
import { InputElimination } from "./elimination.ts";
import { fTestPieces } from "./f_test.ts";
import { reliefFPieces } from "./relief_f.ts";
import { evenly, samplePart } from "./sample_part.ts";

/** Name of what scores features. */
export type RankingMethod = "f-test" | "relief-f" | "neurofs" | "strength" | "attribution";

/** What scores features, the simplest first. */
export const RANKING_METHODS: readonly RankingMethod[] = [
  "f-test",
  "relief-f",
  "neurofs",
  "strength",
  "attribution",
];

/** What features are ranked with. */
export interface RankingPlan {
  readonly columns: readonly FeatureColumn[];
  /** 1 for each feature that is not constant. */
  readonly varying: Uint8Array;
  /** Features that will be chosen. */
  readonly count: number;
  readonly network: ModelForOptions;
  readonly training: TrainOptions & {
    readonly epochs: number;
    readonly threads: number;
    readonly seed: number;
  };
  /** When others last had their turn. */
  readonly turn: EventLoopTurn;
  /** Called after each epoch. */
  readonly onEpoch: (method: RankingMethod, epoch: number) => void;
}

/** Features by a method, the best first. */
export interface Ranking {
  /** Place of each feature among the columns, best first. */
  readonly order: Uint32Array;
  /** Score of each feature, in the order of the columns. */
  readonly scores: Float64Array;
}

/** Share of the initialiser's scale that weights of inputs begin with. */
const FIRST_SCALE = 0.1;
/** Samples that attribution looks at after an epoch. */
const ATTRIBUTED = 256;

/** Ranks the features of the training samples by some methods; strength and attribution share one training. */
export async function rankings(
  data: Dataset,
  methods: readonly RankingMethod[],
  plan: RankingPlan,
): Promise<Map<RankingMethod, Ranking>> {
  const found = new Map<RankingMethod, Ranking>();
  for (const [method, pieces] of [["f-test", fTestPieces], ["relief-f", reliefFPieces]] as const) {
    if (!methods.includes(method)) continue;
    const worth = await plan.turn.between(pieces(data), plan.training.signal);
    found.set(method, ranked(plan, worth));
  }
  const watched = (["strength", "attribution"] as const).filter((method) => methods.includes(method));
  if (watched.length > 0) {
    const sums = new Map(watched.map((method) => [method, new Float64Array(data.featureCount)]));
    const looked = samplePart(
      data.train,
      evenly(data.train.samples, Math.min(ATTRIBUTED, data.train.samples)),
      data.featureCount,
    );
    const add = (method: typeof watched[number], scores: Float32Array) =>
      scores.forEach((score, input) => sums.get(method)![input] += score);
    await trainNetwork(data, plan, {}, (model, epoch) => {
      if (sums.has("strength")) add("strength", model.featureStrength());
      if (sums.has("attribution")) add("attribution", inputAttribution(model, looked, plan.training.threads));
      plan.onEpoch(watched[0], epoch);
    });
    for (const [method, scores] of sums) found.set(method, ranked(plan, scores));
  }
  if (methods.includes("neurofs")) found.set("neurofs", await byElimination(data, plan));
  return found;
}

/** Features that end with connections by their strength, before the others by when they last had some. */
async function byElimination(data: Dataset, plan: RankingPlan): Promise<Ranking> {
  const rules = new InputElimination({ ...plan, epochs: plan.training.epochs });
  const { drop, growth } = rules;
  const model = await trainNetwork(
    data,
    plan,
    { drop, growth },
    (_, epoch) => plan.onEpoch("neurofs", epoch),
  );
  const { alive, lost } = rules.survivors;
  return ranked(
    plan,
    model.featureStrength(),
    (feature) => alive[feature] === 1 ? Infinity : lost[feature],
  );
}

async function trainNetwork(
  data: Dataset,
  { network, training, turn }: RankingPlan,
  rules: Pick<TrainOptions, "drop" | "growth">,
  look: (model: SparseMlp, epoch: number) => void,
): Promise<SparseMlp> {
  const { test: _, validation: __, ...samples } = data;
  const model = SparseMlp.for(data, network);
  // What inputs begin with is chance; what they learn should outweigh it soon.
  const [{ values }] = model.layers;
  values.forEach((value, at) => values[at] = FIRST_SCALE * value);
  const options = { evaluateEvery: training.epochs, ...training, ...rules };
  for await (const { epoch } of train(model, samples, options)) {
    look(model, epoch);
    if (turn.due) await turn.take();
  }
  return model;
}

/** Scores of inputs as those of features; constant ones have none and stand last. */
function ranked(
  { columns, varying }: RankingPlan,
  inputs: ArrayLike<number>,
  before: (feature: number) => number = () => 0,
): Ranking {
  const scores = columnScores(columns, inputs).map((score, feature) => varying[feature] === 1 ? score : 0);
  const keys = Array.from(columns, (_, feature) => varying[feature] === 1 ? before(feature) : -1);
  const compare = (a: number, b: number) =>
    keys[a] === keys[b] ? scores[b] - scores[a] || a - b : keys[b] - keys[a];
  return { order: Uint32Array.from([...columns.keys()].sort(compare)), scores };
}
