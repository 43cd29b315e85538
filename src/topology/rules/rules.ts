/**
 * The rules there are, by name.
 *
 * @module
 */
import { onlyFor, type TableOf } from "../../hyperparameter.ts";
import { type LayerShape, placesOf } from "../../sparse/csr.ts";
import type { DensityDecayOptions } from "../density_decay.ts";
import type { GrowthWeights } from "../growth_weights.ts";
import { CANNISTRACI_HEBB } from "./cannistraci_hebb.ts";
import {
  GRADIENT_SAMPLED,
  GRADIENT_SAMPLED_HYPERPARAMETERS,
  type GradientSampledOptions,
} from "./gradient_sampled.ts";
import { GRADIENT } from "./gradient.ts";
import { MAGNITUDE } from "./magnitude.ts";
import { MAGNITUDE_ANY_SIGN } from "./magnitude_any_sign.ts";
import { MAGNITUDE_GRADIENT } from "./magnitude_gradient.ts";
import { RANDOM } from "./random.ts";
import type { OwnRules } from "./own_rules.ts";
import type { GrowthRule, RemovalRule, RuleSettings } from "./rule.ts";
import { SOFT, SOFT_HYPERPARAMETERS, type SoftRemovalOptions } from "./soft.ts";

/** Name of a rule that drops connections. */
export type DropRuleName = "magnitude" | "magnitude-any-sign" | "magnitude-gradient" | "soft";
/** Name of a rule that lets connections grow. */
export type GrowthRuleName = "random" | "gradient-sampled" | "gradient" | "cannistraci-hebb";

const DROP: Readonly<Record<DropRuleName, RemovalRule>> = {
  magnitude: MAGNITUDE,
  "magnitude-any-sign": MAGNITUDE_ANY_SIGN,
  "magnitude-gradient": MAGNITUDE_GRADIENT,
  soft: SOFT,
};
const GROWTH: Readonly<Record<GrowthRuleName, GrowthRule>> = {
  random: RANDOM,
  "gradient-sampled": GRADIENT_SAMPLED,
  gradient: GRADIENT,
  "cannistraci-hebb": CANNISTRACI_HEBB,
};

/** Which rules a topology changes by, and what they may be told. */
export interface RuleOptions extends GradientSampledOptions, SoftRemovalOptions {
  /**
   * Which connections go.
   *
   * @default {"magnitude"}
   */
  readonly drop?: DropRuleName;
  /**
   * Where connections grow.
   *
   * @default {"random"}
   */
  readonly growth?: GrowthRuleName;
  /**
   * Scale of the weights of new connections: the initialiser's (`initial`), 0 (`zero`), or a share of the initialiser's.
   *
   * @default `zero` for rules that grow by gradient or by Cannistraci-Hebb, where the initialiser follows the sparse
   * fan-in, and for regression, else `initial`
   */
  readonly growthWeights?: GrowthWeights;
}

/** Rows of {@linkcode RuleOptions}, those of a rule from its own table. */
export const RULE_HYPERPARAMETERS = {
  drop: {
    kind: "choice",
    choices: Object.keys(DROP) as readonly DropRuleName[],
    default: "magnitude",
    doc:
      "Which connections go: those whose weights are closest to zero, on each side of it as in SET (magnitude) or on both " +
      "together (magnitude-any-sign), with the smallest |w| + 0.01·|gradient| (magnitude-gradient), or at random, rather " +
      "those that matter little (soft).",
  },
  growth: {
    kind: "choice",
    choices: Object.keys(GROWTH) as readonly GrowthRuleName[],
    default: "random",
    doc:
      "Where connections grow: anywhere (random), where gradients are largest, of places drawn (gradient-sampled) or of " +
      "all (gradient, for small layers), or where they close many short paths (cannistraci-hebb).",
  },
  growthWeights: {
    kind: "choice-or-number",
    choices: ["initial", "zero"],
    least: 0,
    doc: "Weights of new connections: drawn as the first ones, 0, or drawn at this share of their scale.",
  },
  ...onlyFor("growth", "gradient-sampled", GRADIENT_SAMPLED_HYPERPARAMETERS),
  ...onlyFor("drop", "soft", SOFT_HYPERPARAMETERS),
} as const satisfies TableOf<RuleOptions>;

/** The rules that were chosen, by name or as objects. */
export interface ChosenRules {
  readonly drop: RemovalRule;
  readonly growth: GrowthRule;
}

/** Which rules settings name, and whether they have anything to do; objects win over names. */
export type RuleChoice =
  & RuleSettings
  & Pick<DensityDecayOptions, "finalDensity">
  & Required<Pick<RuleOptions, "drop" | "growth">>;

/** Whether rules change the topology of a run: some connections are replaced, or their number falls. */
function rulesAct({ zeta, finalDensity }: RuleChoice): boolean {
  return zeta > 0 || finalDensity !== undefined;
}

/** The rules of a run. */
export function chosenRules({ drop, growth }: RuleChoice, own: OwnRules = {}): ChosenRules {
  return { drop: own.drop ?? DROP[drop], growth: own.growth ?? GROWTH[growth] };
}

/** What a rule is there for that needs gradients, as messages say it; nothing where none does. */
export function probesFor({ drop, growth }: ChosenRules): string | undefined {
  if (growth.needs === "gradients") {
    return `grow connections by "${growth.name}": it needs gradients of absent connections`;
  }
  if (drop.needs === "gradients") return `drop connections by "${drop.name}": it needs their gradients`;
  return undefined;
}

/** Whether a run needs gradients at places of its network. */
export function needsGradients(settings: RuleChoice, own: OwnRules = {}): boolean {
  return rulesAct(settings) && probesFor(chosenRules(settings, own)) !== undefined;
}

/**
 * About how many places of a network a change of its topology probes.
 *
 * @param layers Those that evolve.
 * @param connections Of the network.
 */
export function probedPlaces(
  layers: readonly LayerShape[],
  connections: number,
  settings: RuleChoice & Required<Pick<GradientSampledOptions, "growthCandidates">>,
): number {
  if (!needsGradients(settings)) return 0;
  const absent = {
    random: 0,
    "gradient-sampled": Math.min(settings.growthCandidates * connections, placesOf(layers)),
    gradient: placesOf(layers),
    "cannistraci-hebb": 0,
  };
  return absent[settings.growth] + (chosenRules(settings).drop.needs === "gradients" ? connections : 0);
}

/** Refuses layers that are too large for the rule of growth; see `GrowRule.checkLayers`. */
export function checkLayers(
  layers: Parameters<NonNullable<GrowthRule["checkLayers"]>>[0],
  settings: RuleChoice,
  own: OwnRules = {},
): void {
  if (rulesAct(settings)) chosenRules(settings, own).growth.checkLayers?.(layers);
}
