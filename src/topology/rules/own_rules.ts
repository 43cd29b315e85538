/**
 * Rules that are given as objects: checked when a run is asked for, and looked after whenever they act.
 *
 * @module
 */
import { isRecord, unfit } from "../../hyperparameter.ts";
import type { Places } from "../../native/grow.ts";
import { type Connections, validateConnections } from "../../sparse/csr.ts";
import type {
  ConnectionGradients,
  GrowthRule,
  Probed,
  RemovalRule,
  RulePlace,
  RuleSettings,
} from "./rule.ts";

/** Rules that were given instead of names; functions, which stay in the process. */
export interface OwnRules {
  readonly drop?: RemovalRule;
  readonly growth?: GrowthRule;
}

/**
 * The rules among options; names are left out.
 *
 * @throws {TypeError} When something that should be a rule is none.
 */
export function readOwnRules(
  { drop, growth }: { readonly drop?: unknown; readonly growth?: unknown },
): OwnRules {
  for (const [name, rule] of Object.entries({ drop, growth })) {
    if (typeof rule !== "function") continue;
    const method = name === "drop" ? "drop" : "grow";
    throw unfit(
      { task: "train", name },
      rule,
      `the name of a rule, or an object with a name and ${method}()`,
    );
  }
  return {
    ...(isRecord(drop) &&
      { drop: watchedDrop(checkedRule(drop, "drop", dropMethods(drop)) as unknown as RemovalRule) }),
    ...(isRecord(growth) &&
      {
        growth: watchedGrowth(checkedRule(growth, "growth", growthMethods(growth)) as unknown as GrowthRule),
      }),
  };
}

/** The rule, and after it a look at what it left: O(nnz). */
function watchedDrop(rule: RemovalRule): RemovalRule {
  const { name } = rule;
  const drop: RemovalRule["drop"] = (connections: Connections, place: RulePlace & ConnectionGradients) =>
    watched(name, connections, () => rule.drop(connections, place));
  return rule.needs === undefined ? { name, drop } : { name, needs: rule.needs, drop };
}

/** Likewise; the places that it wants to know of are checked too. */
function watchedGrowth(rule: GrowthRule): GrowthRule {
  const { name } = rule;
  const same = {
    ...{ name, readsIncoming: rule.readsIncoming ?? false },
    ...(rule.growthWeights && { growthWeights: rule.growthWeights }),
    ...(rule.clear && {
      clear: (layers: readonly Connections[], threads: number) => {
        const cleared = rule.clear!(layers, threads);
        for (const layer of layers) watched(name, layer, () => 0);
        return cleared;
      },
    }),
    ...(rule.checkLayers && { checkLayers: rule.checkLayers.bind(rule) }),
  };
  const grow = (connections: Connections, count: number, place: RulePlace & Probed): number =>
    watched(name, connections, () => rule.grow(connections, count, place));
  if (rule.needs === undefined) return { ...same, grow };
  return {
    ...same,
    needs: rule.needs,
    ...(rule.sums && { sums: (settings: RuleSettings) => checkedSums(name, rule.sums!(settings)) }),
    candidates: (connections, place) => checkedPlaces(name, rule.candidates(connections, place)),
    grow,
  };
}

function watched(name: string, connections: Connections, act: () => number): number {
  const count = act();
  try {
    validateConnections(connections);
  } catch (cause) {
    throw new TypeError(`Cannot evolve the topology by the rule "${name}": it left no valid layer`, {
      cause,
    });
  }
  return count;
}

function checkedSums(name: string, sums: unknown): "absolute" | "signed" | undefined {
  if (sums === undefined || sums === "absolute" || sums === "signed") return sums;
  throw unfit({ task: "train", name: `sums of the rule "${name}"` }, sums, "absolute, signed or nothing");
}

function checkedPlaces(name: string, places: Places): Places {
  const { rows, columns }: Partial<Places> = places ?? {};
  const fits = rows instanceof Uint32Array && columns instanceof Uint32Array &&
    rows.length === columns.length;
  if (fits) return places;
  throw new TypeError(
    `Cannot evolve the topology by the rule "${name}": its candidates are no places, expected rows and columns, ` +
      "two Uint32Array of one length",
  );
}

function dropMethods({ needs }: Readonly<Record<string, unknown>>): readonly string[] {
  checkNeeds(needs, "drop");
  return ["drop"];
}

function growthMethods(
  { needs, readsIncoming, growthWeights, clear, sums, checkLayers }: Readonly<Record<string, unknown>>,
): readonly string[] {
  checkNeeds(needs, "growth");
  if (growthWeights !== undefined && growthWeights !== "zero") {
    throw unfit({ task: "train", name: "growth.growthWeights" }, growthWeights, "zero or nothing");
  }
  if (readsIncoming !== undefined && typeof readsIncoming !== "boolean") {
    throw unfit({ task: "train", name: "growth.readsIncoming" }, readsIncoming, "true, false or nothing");
  }
  return [
    ...["grow", ...(needs === undefined ? [] : ["candidates"])],
    ...[...(sums === undefined ? [] : ["sums"]), ...(checkLayers === undefined ? [] : ["checkLayers"])],
    ...(clear === undefined ? [] : ["clear"]),
  ];
}

function checkNeeds(needs: unknown, option: string): void {
  if (needs === undefined || needs === "gradients") return;
  throw unfit({ task: "train", name: `${option}.needs` }, needs, `"gradients" or nothing`);
}

function checkedRule<R extends Readonly<Record<string, unknown>>>(
  rule: R,
  option: string,
  methods: readonly string[],
): R {
  if (typeof rule.name !== "string" || rule.name === "") {
    throw unfit({ task: "train", name: `${option}.name` }, rule.name, "a text that is not empty");
  }
  for (const method of methods) {
    if (typeof rule[method] === "function") continue;
    throw unfit({ task: "train", name: `${option}.${method}` }, rule[method], "a function");
  }
  return rule;
}
