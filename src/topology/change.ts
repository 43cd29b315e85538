/**
 * The change of a network's topology between two steps: Importance Pruning where it is due, then evolution by rules.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { dropTo } from "../native/drop.ts";
import { NO_PLACES, type Places } from "../native/grow.ts";
import { type Connections, rebuildIncoming } from "../sparse/csr.ts";
import type { WeightLawOptions } from "../sparse/init.ts";
import { compact } from "./compaction.ts";
import { type DensityDecayOptions, hasFinalDensity, scheduledConnections } from "./density_decay.ts";
import { clearByRule, dropByRule, growByRule } from "./evolution.ts";
import { defaultGrowthWeights, growthLaw, type GrowthWeights } from "./growth_weights.ts";
import { pruneByImportance } from "./importance.ts";
import { changeNumber, epochsAt, type EvolveEvery, evolvesAt, type Moment, progressAt } from "./interval.ts";
import type { Probe } from "./probe.ts";
import type { ConnectionGradients, GradientRule, Probed, RulePlace } from "./rules/rule.ts";
import type { OwnRules } from "./rules/own_rules.ts";
import { type ChosenRules, chosenRules, probesFor, type RuleChoice } from "./rules/rules.ts";
import { fitToConnections } from "./spare_room.ts";
import { zetaOf, type ZetaOptions } from "./zeta.ts";

/** What a change of the topology is asked for. */
export interface TopologySettings extends RuleChoice, Required<ZetaOptions>, DensityDecayOptions {
  /** From one evolution to the next. */
  readonly evolveEvery: EvolveEvery;
  /** Share of the run after which the density is the final one. */
  readonly densityStop: number;
  /** Scale of the weights of new connections; where absent, what suits rule and network. */
  readonly growthWeights?: GrowthWeights;
  /** When Importance Pruning is due, and what it removes; false for never. */
  readonly importancePruning:
    | { readonly start: number; readonly every: number; readonly percentile: number }
    | false;
  /** Whether neurons that pruning left without a purpose are taken out of the arrays. */
  readonly compactWhilePruning: boolean;
  /** Epochs of the run, of which some may be done by a later call. */
  readonly epochs: number;
  readonly seed: number;
  readonly threads: number;
}

/** How far a change is. */
export interface TopologyProgress {
  readonly phase: "pruning" | "evolution";
  /** Epoch after which the topology changes, from 1. */
  readonly epoch: number;
  /** Layers done. */
  readonly done: number;
  /** Layers in all. */
  readonly total: number;
}

/** What else {@linkcode changeTopology} can be told. */
export interface TopologyChangeOptions {
  /** How much of the epoch is done, where that is not all. @default all, of one step */
  readonly within?: Pick<Moment, "step" | "steps"> | undefined;
  /** Names the random numbers of the growth. @default the number of the change */
  readonly draw?: number | undefined;
  /** Density of each layer when the run began; needed where the density falls. */
  readonly startDensities?: readonly number[] | undefined;
  /** Whether others hold the arrays of the model too, which then keep their sizes. @default false */
  readonly shared?: boolean | undefined;
  /** Rules of the caller's own, instead of those that the settings name. */
  readonly rules?: OwnRules | undefined;
  /** Needed where a rule needs gradients, and called once then. */
  readonly probe?: (() => Probe) | undefined;
  /** Called after each layer. */
  readonly onPhase?: ((progress: TopologyProgress) => void) | undefined;
}

/** What a change of the topology did to all layers. */
export interface TopologyCounts {
  /** Connections that grew where others were dropped. */
  readonly replaced: number;
  /** Connections Importance Pruning removed. */
  readonly pruned: number;
}

/**
 * Importance Pruning where it is due after `epoch`, then evolution by the rules of the run where that is; every layer but
 * the output's.
 *
 * Evolution first drops in all layers, then grows in all. Where a rule needs gradients, one probe of the network as it
 * was before gives those of both rules. Where the density falls, the rules are asked to drop more and to grow fewer;
 * what a rule leaves beyond the scheduled count goes by magnitude, so that the count is exact.
 *
 * Paper: §2, §2.1 Algorithm 2. The same for any number of threads. Cost: O(nnz + neurons), a probe where a rule needs it.
 *
 * @param model Changed in place; where the density falls, its layers move into smaller arrays from time to time.
 * @throws {TypeError} When a rule needs gradients and there is no probe.
 */
export function changeTopology(
  model: SparseMlp,
  settings: TopologySettings,
  epoch: number,
  options: TopologyChangeOptions = {},
): TopologyCounts {
  const { within = { step: 1, steps: 1 }, onPhase, startDensities, shared = false } = options;
  const { importancePruning: pruning, threads } = settings;
  const moment = { epoch, ...within };
  let pruned = 0;
  if (pruning !== false && prunesAt(pruning, moment)) {
    const layers = model.layers.slice(0, -1);
    for (const [index, layer] of layers.entries()) {
      pruned += pruneByImportance(layer, pruning.percentile, threads).removed;
      onPhase?.({ phase: "pruning", epoch, done: index + 1, total: layers.length });
    }
    if (settings.compactWhilePruning) compactInPlace(model, threads, epoch);
  }
  let replaced = 0;
  if (evolvesAt(settings.evolveEvery, moment)) {
    const progress = progressAt(moment, settings.epochs);
    const counts = startDensities &&
      scheduledConnections(model.layers.slice(0, -1), startDensities, settings, progress);
    replaced = evolve(model, settings, moment, { ...options, progress, counts });
    if (counts !== undefined && !shared) {
      fitToConnections(model, hasFinalDensity(model.layers.slice(0, -1), settings) ? 1 : SPARE_BELOW);
    }
  }
  model.history?.observe(model.layers, epochsAt(moment));
  return { replaced, pruned };
}

/** Whether anything may change at a moment: Importance Pruning or evolution is due. */
export function changesAt(
  { importancePruning, evolveEvery }: Pick<TopologySettings, "importancePruning" | "evolveEvery">,
  moment: Moment,
): boolean {
  return evolvesAt(evolveEvery, moment) ||
    (importancePruning !== false && prunesAt(importancePruning, moment));
}

/** Whether Importance Pruning is due: after whole epochs alone. */
function prunesAt(
  { start, every }: { readonly start: number; readonly every: number },
  { epoch, step, steps }: Moment,
): boolean {
  return step === steps && epoch >= start && (epoch - start) % every === 0;
}

/** Arrays that are less than so full are made anew. */
const SPARE_BELOW = 0.75;

/** The largest fraction that a rule can be asked to drop. */
const NEARLY_ALL = 1 - 2 ** -24;

/** What evolution is told beside {@linkcode TopologyChangeOptions}. */
interface EvolutionMoment extends TopologyChangeOptions {
  /** Share of the run that is done. */
  readonly progress: number;
  /** How many connections each layer shall have afterwards; without it, as many as before. */
  readonly counts: readonly number[] | undefined;
}

/** Drops by rule in all layers, then grows in all; returns how many connections grew. */
function evolve(
  model: SparseMlp,
  settings: TopologySettings,
  moment: Moment,
  options: EvolutionMoment,
): number {
  const { draw = changeNumber(settings.evolveEvery, moment) } = options;
  const { onPhase, rules, probe, progress, counts } = options;
  const { seed, threads } = settings;
  const { layers: all } = model;
  const layers = all.slice(0, -1);
  const zeta = zetaOf(settings, progress);
  if (zeta === 0 && layers.every(({ nnz }, index) => nnz === (counts?.[index] ?? nnz))) return 0;
  const chosen = chosenRules(settings, rules);
  const { drop, growth } = chosen;
  const { growthWeights = defaultGrowthWeights(growth, model) } = settings;
  const fresh = model.optimizerState?.planes.map((plane) => plane.fresh) ?? [];
  const wanted = layers.map(({ nnz }, index) => counts?.[index] ?? nnz);
  const places = layers.map((layer, index): RulePlace => ({
    ...{ seed, epoch: draw, layer: index, threads, fresh, progress },
    settings: {
      ...settings,
      zeta: Math.max(zeta, Math.min(NEARLY_ALL, 1 - wanted[index] / Math.max(1, layer.nnz))),
    },
    weights: growthLaw(initialOf(model, layer), growthWeights),
    neighbours: { ...(index > 0 && { below: all[index - 1] }), above: all[index + 1] },
  }));
  const probed = probedBy(chosen, layers, places, probe);
  let replaced = 0;
  try {
    for (const [index, layer] of layers.entries()) {
      dropByRule<RulePlace & ConnectionGradients>(layer, drop, {
        ...places[index],
        gradients: probed[index].ofConnections,
      });
      if (layer.nnz > wanted[index]) layer.nnz = dropTo(layer, wanted[index], threads);
    }
    clearByRule(all, growth, threads);
    if (growth.readsIncoming) layers.forEach((layer) => rebuildIncoming(layer, threads));
    for (const [index, layer] of layers.entries()) {
      const count = wanted[index] - layer.nnz;
      if (zeta > 0 || count > 0) {
        replaced += growByRule(layer, growth, count, { ...places[index], ...probed[index] });
      }
      rebuildIncoming(layer, threads);
      onPhase?.({ phase: "evolution", epoch: moment.epoch, done: index + 1, total: layers.length });
    }
  } catch (cause) {
    // A rule or a callback that throws leaves layers that can be used, unless it broke one.
    layers.forEach((layer) => restoreIncoming(layer, threads));
    throw cause;
  }
  return replaced;
}

/** As `rebuildIncoming`; a layer that is none any more stays as it is. */
function restoreIncoming(layer: Connections, threads: number): void {
  try {
    rebuildIncoming(layer, threads);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
  }
}

/** What a layer's first weights would be drawn by, at its present size and density. */
function initialOf(model: SparseMlp, { inputs, neurons, nnz }: Connections): WeightLawOptions {
  const { initializer, fanIn } = model.settings;
  return { inputs, neurons, initializer, fanIn, probability: nnz / (inputs * neurons) };
}

/** What one probe of all layers told of a layer; empty where no rule asked. */
interface LayerProbe extends Probed {
  /** Gradient of each connection, in matrix order. */
  readonly ofConnections: Float32Array;
}

/** Probes the candidates for growth, then the connections, of all layers at once. */
function probedBy(
  rules: ChosenRules,
  layers: readonly Connections[],
  places: readonly RulePlace[],
  makeProbe: (() => Probe) | undefined,
): LayerProbe[] {
  const { drop, growth } = rules;
  const asking = probesFor(rules);
  if (asking === undefined || layers.length === 0) {
    return layers.map(() => ({
      candidates: NO_PLACES,
      gradients: NO_GRADIENTS,
      ofConnections: NO_GRADIENTS,
    }));
  }
  if (makeProbe === undefined) throw new TypeError(`Cannot ${asking}, there is no probe`);
  const probe = makeProbe();
  const candidates = growth.needs === undefined
    ? layers.map(() => NO_PLACES)
    : candidatesOf(growth, layers, places, probe);
  const asked = layers.map((layer, index) =>
    drop.needs === undefined ? candidates[index] : bothOf(candidates[index], connectionPlaces(layer))
  );
  // The output layer does not evolve.
  const gradients = probe.gradients([...asked, NO_PLACES]);
  return layers.map((_, index) => {
    const { length } = candidates[index].rows;
    return {
      candidates: candidates[index],
      gradients: gradients[index].subarray(0, length),
      ofConnections: gradients[index].subarray(length),
    };
  });
}

/** The places that a rule of growth wants to know of, drawn by sums where it says so. */
function candidatesOf(
  rule: GradientRule,
  layers: readonly Connections[],
  places: readonly RulePlace[],
  probe: Probe,
): Places[] {
  const { settings, seed, epoch: draw } = places[0];
  const summed = rule.sums?.(settings);
  const sums = summed && probe.sums(summed === "absolute" ? summed : { seed, draw });
  return layers.map((layer, index) =>
    rule.candidates(layer, { ...places[index], ...(sums && { sums: sums[index] }) })
  );
}

/** The places of a layer's connections, in matrix order. */
function connectionPlaces({ inputs, nnz, indptr, indices }: Connections): Places {
  const rows = new Uint32Array(nnz);
  for (let row = 0; row < inputs; row++) rows.fill(row, indptr[row], indptr[row + 1]);
  return { rows, columns: indices.subarray(0, nnz) };
}

function bothOf(one: Places, other: Places): Places {
  return { rows: joined(one.rows, other.rows), columns: joined(one.columns, other.columns) };
}

function joined(one: Uint32Array, other: Uint32Array): Uint32Array {
  if (one.length === 0) return other;
  const both = new Uint32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

const NO_GRADIENTS = new Float32Array(0);

/** Inputs stay, so that SET can find features again and batches keep their shape. */
function compactInPlace(model: SparseMlp, threads: number, epoch: number): void {
  const { model: smaller, kept, removed } = compact(model, { keepInputs: true, threads });
  if (removed === 0) return;
  model.adopt(smaller);
  model.history?.follow(kept, epoch);
}
