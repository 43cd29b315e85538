/**
 * The rules there are, by name.
 *
 * @module
 */
import { onlyFor, type TableOf } from "../../hyperparameter.ts";
import type { GrowthWeights } from "../growth_weights.ts";
import {
  GRADIENT_SAMPLED,
  GRADIENT_SAMPLED_HYPERPARAMETERS,
  type GradientSampledOptions,
} from "./gradient_sampled.ts";
import { MAGNITUDE } from "./magnitude.ts";
import { RANDOM } from "./random.ts";
import type { GrowthRule, OwnRules, RemovalRule, RuleSettings } from "./rule.ts";

/** Name of a rule that drops connections. */
export type DropRuleName = "magnitude";
/** Name of a rule that lets connections grow. */
export type GrowthRuleName = "random" | "gradient-sampled";

const DROP: Readonly<Record<DropRuleName, RemovalRule>> = { magnitude: MAGNITUDE };
const GROWTH: Readonly<Record<GrowthRuleName, GrowthRule>> = {
  random: RANDOM,
  "gradient-sampled": GRADIENT_SAMPLED,
};

/** Which rules a topology changes by, and what they may be told. */
export interface RuleOptions extends GradientSampledOptions {
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
   * @default `zero` for rules that grow by gradient, where the initialiser follows the sparse fan-in, and for regression,
   * else `initial`
   */
  readonly growthWeights?: GrowthWeights;
}

/** Rows of {@linkcode RuleOptions}, those of a rule from its own table. */
export const RULE_HYPERPARAMETERS = {
  drop: {
    kind: "choice",
    choices: Object.keys(DROP) as readonly DropRuleName[],
    default: "magnitude",
    doc: "Which connections SET drops: those whose weights are closest to zero.",
  },
  growth: {
    kind: "choice",
    choices: Object.keys(GROWTH) as readonly GrowthRuleName[],
    default: "random",
    doc:
      "Where connections grow: anywhere (random), or where, of places drawn, gradients are largest (gradient-sampled).",
  },
  growthWeights: {
    kind: "choice-or-number",
    choices: ["initial", "zero"],
    least: 0,
    doc: "Weights of new connections: drawn as the first ones, 0, or drawn at this share of their scale.",
  },
  ...onlyFor("growth", "gradient-sampled", GRADIENT_SAMPLED_HYPERPARAMETERS),
} as const satisfies TableOf<RuleOptions>;

/** The rules that were chosen, by name or as objects. */
export interface ChosenRules {
  readonly drop: RemovalRule;
  readonly growth: GrowthRule;
}

/** Which rules settings name; objects win over names. */
export type RuleChoice = RuleSettings & Required<Pick<RuleOptions, "drop" | "growth">>;

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
  return settings.zeta > 0 && probesFor(chosenRules(settings, own)) !== undefined;
}
