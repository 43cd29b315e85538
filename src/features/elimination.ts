/**
 * Training in which inputs compete: the weakest lose their connections, some come back where the loss asks for them.
 *
 * @module
 */
import { absentPlaces, insertConnections, NO_PLACES, type Places } from "../native/grow.ts";
import { keepStrongest } from "../native/strongest.ts";
import type { Connections } from "../sparse/csr.ts";
import { removeConnections } from "../sparse/removal.ts";
import { inputStrength } from "../sparse/strength.ts";
import { MAGNITUDE } from "../topology/rules/magnitude.ts";
import { RANDOM } from "../topology/rules/random.ts";
import type { DropRule, GradientRule, RulePlace } from "../topology/rules/rule.ts";
import { columnScores, type FeatureColumn } from "./columns.ts";

/** What {@linkcode InputElimination} goes by. */
export interface EliminationPlan {
  /** The features, whose inputs go and come together. */
  readonly columns: readonly FeatureColumn[];
  /** Features that stay to the end. */
  readonly count: number;
  /** Epochs of the run. */
  readonly epochs: number;
  /** 1 for each feature that is not constant; the others go first and never come back. */
  readonly varying: Uint8Array;
}

/** Share of the epochs after which no more features go than come. */
const REMOVAL_SHARE = 0.65;
/** Share of the living features that are exchanged at first; falls to 0 towards the end. */
const EXCHANGED = 0.2;
/** Places of an input without connections whose gradients are looked at. */
const PROBED = 20;

/** The epoch of a run after which no more features go than come. */
export function removalEnd(epochs: number): number {
  return Math.max(1, Math.round(REMOVAL_SHARE * epochs));
}

/**
 * The two rules of a run, and what they have left.
 *
 * Source: Atashgahi et al. 2023 ("Supervised Feature Selection with Neuron Evolution in Sparse Neural Networks").
 * Deviation: features go at a constant share an epoch rather than a constant number, so that the last of many do not go
 * at once; the gradient of an input is the mean over up to 20 places drawn.
 */
export class InputElimination {
  readonly #plan: EliminationPlan;
  /** 1 for a feature that has connections. */
  readonly #alive: Uint8Array;
  /** The change at which a feature last lost its connections, as changes are numbered; 0 for never. */
  readonly #lost: Uint32Array;
  /** Features to come back after this epoch. */
  #returning = 0;

  constructor(plan: EliminationPlan) {
    this.#plan = plan;
    this.#alive = new Uint8Array(plan.columns.length).fill(1);
    this.#lost = new Uint32Array(plan.columns.length);
  }

  /** Which connections go: those of the weakest features, and of the others the weakest by magnitude. */
  get drop(): DropRule<RulePlace> {
    return {
      name: "weakest-inputs",
      drop: (connections, place) => {
        const before = connections.nnz;
        if (place.layer === 0) this.#dropFeatures(connections, place);
        const dropped = before - connections.nnz;
        return dropped + MAGNITUDE.drop(connections, place);
      },
    };
  }

  /** Where connections grow: at features that come back, then anywhere among living ones. */
  get growth(): GradientRule {
    return {
      name: "inputs-by-gradient",
      needs: "gradients",
      candidates: (connections, place) => {
        if (place.layer > 0) return NO_PLACES;
        const rows = this.#rowsOf((feature) => this.#alive[feature] === 0);
        return placesIn(connections, rows, rows.length * Math.min(PROBED, connections.neurons), place);
      },
      grow: (connections, count, place) => {
        if (place.layer > 0) return RANDOM.grow(connections, count, place);
        const before = connections.nnz;
        this.#bringBack(connections, count, place);
        const rows = this.#rowsOf((feature) => this.#alive[feature] === 1);
        const places = placesIn(connections, rows, count - (connections.nnz - before), place);
        connections.nnz = insertConnections(connections, places, place, place);
        return connections.nnz - before;
      },
    };
  }

  /** Features that have connections, and when the others lost theirs; for the ranking. */
  get survivors(): { readonly alive: Uint8Array; readonly lost: Uint32Array } {
    return { alive: this.#alive, lost: this.#lost };
  }

  #dropFeatures(connections: Connections, { epoch, progress }: RulePlace): void {
    const { columns, count, epochs } = this.#plan;
    const share = Math.min(1, progress * epochs / removalEnd(epochs));
    const target = Math.max(count, Math.round(columns.length * (count / columns.length) ** share));
    const living = [...this.#alive.keys()].filter((feature) => this.#alive[feature] === 1);
    const absent = columns.length - living.length;
    const exchanged = Math.floor(EXCHANGED * (1 - progress) * target);
    this.#returning = Math.min(exchanged, absent, target - 1);
    const go = Math.max(0, living.length + this.#returning - target);
    if (go === 0) return;
    const strength = columnScores(columns, inputStrength(connections))
      .map((sum, feature) => this.#plan.varying[feature] === 1 ? sum : -1);
    const weakest = living.sort((a, b) => strength[a] - strength[b] || b - a).slice(0, go);
    const goes = new Uint8Array(connections.inputs);
    for (const feature of weakest) {
      this.#alive[feature] = 0;
      this.#lost[feature] = epoch;
      const { first, inputs } = columns[feature];
      goes.fill(1, first, first + inputs);
    }
    connections.nnz = removeConnections(connections, (row) => goes[row] === 1);
  }

  /** Gives connections to features whose absent weights have the largest gradients. */
  #bringBack(
    connections: Connections,
    count: number,
    place: RulePlace & { readonly candidates: Places; readonly gradients: Float32Array },
  ): void {
    if (this.#returning === 0) return;
    const { columns } = this.#plan;
    const { candidates, gradients } = place;
    const [sums, seen] = [new Float64Array(connections.inputs), new Uint32Array(connections.inputs)];
    for (let at = 0; at < gradients.length; at++) {
      sums[candidates.rows[at]] += Math.abs(gradients[at]);
      seen[candidates.rows[at]]++;
    }
    const score = columnScores(columns, sums.map((sum, input) => sum / Math.max(1, seen[input])));
    const absent = [...this.#alive.keys()].filter((feature) =>
      this.#alive[feature] === 0 && this.#lost[feature] < place.epoch && score[feature] > 0
    );
    const back = absent.sort((a, b) => score[b] - score[a] || a - b).slice(0, this.#returning);
    for (const feature of back) this.#alive[feature] = 1;
    const living = this.#alive.reduce((sum, flag) => sum + flag, 0);
    const returned = new Set(back);
    const rows = this.#rowsOf((feature) => returned.has(feature));
    const flags = new Uint8Array(connections.inputs);
    for (const row of rows) flags[row] = 1;
    const chosen = [...candidates.rows.keys()].filter((at) => flags[candidates.rows[at]] === 1);
    const fair = Math.ceil(connections.nnz / Math.max(1, living)) * back.length;
    const strongest = keepStrongest(
      {
        rows: Uint32Array.from(chosen, (at) => candidates.rows[at]),
        columns: Uint32Array.from(chosen, (at) => candidates.columns[at]),
      },
      Float32Array.from(chosen, (at) => gradients[at]),
      Math.min(count, fair, chosen.length),
    );
    connections.nnz = insertConnections(connections, strongest, place, place);
  }

  #rowsOf(chosen: (feature: number) => boolean): Uint32Array {
    return Uint32Array.from(
      this.#plan.columns.flatMap(({ first, inputs }, feature) =>
        chosen(feature) ? Array.from({ length: inputs }, (_, at) => first + at) : []
      ),
    );
  }
}

/** Absent places in some rows alone, which hold all connections there are, or none; in matrix order. */
function placesIn(
  { neurons, indptr, indices }: Connections,
  rows: Uint32Array,
  count: number,
  place: RulePlace,
): Places {
  if (rows.length === 0 || count === 0) return NO_PLACES;
  const starts = new Uint32Array(rows.length + 1);
  rows.forEach((row, at) => starts[at + 1] = starts[at] + indptr[row + 1] - indptr[row]);
  const { seed, epoch, layer, threads = 1 } = place;
  const drawn = absentPlaces(
    {
      neurons,
      indptr: starts,
      indices: indices.subarray(0, starts[rows.length]),
    },
    count,
    { seed, epoch, layer, threads },
  );
  return { rows: drawn.rows.map((at) => rows[at]), columns: drawn.columns };
}
