/**
 * What the answers of a training table are: classes, or numbers to predict.
 *
 * @module
 */
import { areNumbers, isNumber, labelName, LabelTable } from "../labels.ts";
import { quote } from "../../quote.ts";
import type { Task } from "../../task.ts";
import { areMarkedNumbers } from "./column_kinds.ts";
import { called } from "./columns.ts";
import type { ColumnProfile } from "./table.ts";

/** What is to become of rows without a label. */
export type MissingLabels = "refuse" | "drop" | "class";

/** Name of the class of samples without a label, where they are taken for one. */
export const MISSING_CLASS = "(missing)";

/** More different numbers than this are measurements rather than classes, where they have fractions. */
const MOST_FRACTIONS = 20;

/** A task, and why it was chosen where nobody said it. */
export interface ChosenTask {
  readonly task: Task;
  readonly because?: string;
}

/**
 * Chooses between classes and numbers to predict.
 *
 * Classes, unless all labels are numbers and either have fractions and more than 20 different values, or more
 * different values than every other row has. Whole numbers too long for 64 bits, or that begin with zeros, are names.
 */
export function chooseTask({ numbers, texts, whole, beyondExact, values }: ColumnProfile): ChosenTask {
  const named = texts > 0 || numbers === 0 || beyondExact > 0;
  if (named || whole && values !== undefined && !areNumbers([...values.keys()])) {
    return { task: "classification" };
  }
  const different = values?.size ?? Infinity;
  const most = whole ? Math.max(MOST_FRACTIONS, numbers / 2) : MOST_FRACTIONS;
  if (different <= most) return { task: "classification" };
  const counted = values === undefined ? "very many" : `${different}`;
  return {
    task: "regression",
    because: `${counted} different numbers${whole ? "" : " with fractions"} in ${numbers} rows`,
  };
}

/** The classes of a label column. */
export interface LabelClasses {
  readonly classNames: readonly string[];
  /** Class of each spelling. */
  readonly classes: ReadonlyMap<string, number>;
}

/**
 * Makes classes of the spellings of a label column.
 *
 * @throws {RangeError} When there are too many.
 */
export function labelClasses(
  { values, name }: ColumnProfile,
  place: number,
  source: string,
  withMissing: boolean,
): LabelClasses {
  if (values === undefined) {
    throw new RangeError(
      `Cannot take ${called(name, place)} of "${source}" for classes: it holds too many different labels; ` +
        `use regression, or name another label column`,
    );
  }
  const table = new LabelTable();
  const spellings = [...values.keys()];
  for (const spelling of spellings) table.add(spelling, 0);
  const { classNames, classOf } = table.classes(source);
  const classes = new Map(spellings.map((spelling, number) => [spelling, classOf[number]]));
  return { classNames: withMissing ? [...classNames, MISSING_CLASS] : classNames, classes };
}

/**
 * Finds the classes that a model knows behind the spellings of another file: numbers by value where all its classes are
 * numbers, but no codes that begin with zeros. Spellings of no class are left out; reading the rows names their line.
 */
export function knownClasses(
  { values }: ColumnProfile,
  classNames: readonly string[],
): ReadonlyMap<string, number> {
  const numeric = areNumbers(classNames.filter((name) => name !== MISSING_CLASS));
  const nameOf = (label: string) => labelName(label, numeric);
  const index = new Map(classNames.map((name, position) => [nameOf(name), position]));
  const classes = new Map<string, number>();
  for (const spelling of values?.keys() ?? []) {
    const position = index.get(nameOf(spelling));
    if (position !== undefined) classes.set(spelling, position);
  }
  return classes;
}

/**
 * Refuses labels that nobody called classes and that look like none: numbers with marks, or nearly all different.
 *
 * @throws {SyntaxError} When they do, with what to do.
 */
export function requireLikelyClasses(profile: ColumnProfile, place: number, source: string): void {
  const { name, numbers, texts, values, firstText } = profile;
  const refuse = (found: string) =>
    new SyntaxError(
      `Cannot take ${called(name, place)} of "${source}" for the label: ${found}; correct it, name its ` +
        "column (--label-column), or say that these are classes (--task classification)",
    );
  const [line, text] = [firstText?.line ?? "?", quote(firstText?.text ?? "")];
  if (areMarkedNumbers(profile)) {
    throw refuse(`line ${line} is ${text}, a number with a blank, %, currency or thousands mark`);
  }
  const rows = numbers + texts;
  const different = values?.size ?? Infinity;
  if (different <= Math.max(MOST_FRACTIONS, rows / 2)) return;
  throw refuse(
    texts > 0 && numbers >= texts
      ? `line ${line} is ${text}, ${numbers} others are numbers`
      : `it holds ${values === undefined ? "very many" : different} different labels in ${rows} rows`,
  );
}

/** Two names that people would take for one: they differ in capitals, blanks or the storage of accents alone. */
export function lookAlikes(names: readonly string[]): readonly [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const plain = name.normalize("NFKC").replaceAll(/[\s\u200b-\u200d\ufeff]+/g, " ").trim().toLowerCase();
    const other = seen.get(plain);
    if (other !== undefined) return [other, name];
    seen.set(plain, name);
  }
  return undefined;
}

/**
 * Refuses a column of labels, targets or weights that has cells of no use.
 *
 * @throws {SyntaxError} With the first such cell.
 */
export function requireAnswers(
  profile: ColumnProfile,
  place: number,
  source: string,
  { kind, missing }: {
    readonly kind: "class" | "flag" | "target" | "weight";
    readonly missing: MissingLabels;
  },
): void {
  const { name, texts, firstText, firstMissing, minimum } = profile;
  const where = (line: number | undefined) => `line ${line ?? "?"}, ${called(name, place)} of "${source}"`;
  const what = { class: "the label", flag: "the label", target: "the target", weight: "the weight" }[kind];
  if (
    profile.missing > 0 &&
    (missing === "refuse" || kind === "weight" || kind === "target" && missing === "class")
  ) {
    const found = firstMissing === undefined || firstMissing.text === "" ? "empty" : quote(firstMissing.text);
    const others = profile.missing > 1 ? `, as ${profile.missing - 1} more are` : "";
    const advice = kind === "weight"
      ? "a number is needed"
      : kind === "flag"
      ? "yes or no is needed, rows with several labels are not left out"
      : kind === "target"
      ? "correct it, or leave such rows out (--missing-labels drop)"
      : "correct it, leave such rows out, or make them a class (--missing-labels drop or class)";
    throw new SyntaxError(
      `Cannot use ${where(firstMissing?.line)}: ${what} is missing (${found}${others}); ${advice}`,
    );
  }
  if (kind === "class" || kind === "flag") return;
  if (texts > 0) {
    throw new SyntaxError(
      `Cannot use ${where(firstText?.line)}: ${what} is ${quote(firstText?.text ?? "")}, a number is needed`,
    );
  }
  if (kind === "weight" && minimum < 0) {
    throw new RangeError(
      `Cannot use ${
        called(name, place)
      } of "${source}" for weights: the least is ${minimum}, expected 0 or more`,
    );
  }
}

/** Spellings of a label that a sample has, and of one that it has not; capitals do not matter, numbers go by value. */
const YES: ReadonlySet<string> = new Set(["1", "true", "t", "yes", "y"]);
const NO: ReadonlySet<string> = new Set(["0", "false", "f", "no", "n"]);

/**
 * Reads the column of one label of several: which spellings say that a sample has it.
 *
 * @throws {SyntaxError} When a cell is missing, or says neither yes nor no.
 */
export function flagsOf(
  profile: ColumnProfile,
  place: number,
  source: string,
): { readonly spelled: readonly string[]; readonly constant: boolean } {
  const { name, values } = profile;
  requireAnswers(profile, place, source, { kind: "flag", missing: "refuse" });
  const word = (spelling: string) =>
    isNumber(spelling) ? String(Number(spelling) + 0) : spelling.toLowerCase();
  const spellings = [...values?.keys() ?? []];
  const odd = spellings.find((spelling) => !YES.has(word(spelling)) && !NO.has(word(spelling)));
  if (odd !== undefined || values === undefined) {
    throw new SyntaxError(
      `Cannot use ${called(name, place)} of "${source}" for one label of several: it holds ${
        odd === undefined ? "too many different cells" : quote(odd)
      }, expected 0 and 1, true and false, or yes and no`,
    );
  }
  const spelled = spellings.filter((spelling) => YES.has(word(spelling)));
  return { spelled, constant: spelled.length === 0 || spelled.length === spellings.length };
}
