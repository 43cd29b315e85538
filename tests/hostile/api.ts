/**
 * Calls every public entry point with hostile values, and prints what was wrong with the answers.
 *
 * A program of its own, so that a crash is seen. Each call has right arguments but for one change; it must end in an error
 * of ours, or in a right result. `deno run -A tests/hostile/api.ts CALLS SEED [NAME]`; with a name, only that entry point,
 * each call told before it is made.
 *
 * @module
 */
import { ENTRIES } from "./entries.ts";
import { type Entry, makeFiles } from "./given.ts";
import { damaged, hostile, Random, sameNumbers, Trap } from "./values.ts";

const [calls, seed] = [Number(Deno.args[0] ?? 3000), Number(Deno.args[1] ?? 1)];
const only = Deno.args[2];

/** Longest a call may take. */
const PATIENCE_MS = 20_000;

/** What an engine says of its own accord, where we should have spoken. */
const FOREIGN =
  /^Cannot (read|set|add|define|delete|redefine|destructure|convert|mix|assign|access|perform|use 'in'|create property|call|private|write private|read private)\b(?![^:]*: )/;

const OURS = [
  "TypeError",
  "RangeError",
  "SyntaxError",
  "KernelError",
  "LibraryError",
  "CheckpointError",
  "DatasetError",
  "FeatureError",
  "TrainingError",
];

/** How a call differs from a right one. */
interface Change {
  readonly name: string;
  readonly given: unknown[];
  /** No result can be right. */
  readonly refused?: true;
  /** The result is that of the right arguments. */
  readonly same?: true;
}

/** A copy of an object or list with one property changed. */
function withProperty(object: object, name: string, descriptor: PropertyDescriptor): object {
  const copy = Array.isArray(object) ? [...object] : { ...object };
  return Object.defineProperty(copy, name, { enumerable: true, configurable: true, ...descriptor });
}

/** Whether a value is a plain object or list, whose parts can be changed one by one. */
function hasParts(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
}

function change({ right, options = [], arrays = [], free = [] }: Entry, random: Random): Change {
  const given = right();
  if (given.length === 0) return { name: "no argument", given, same: true };
  const place = random.below(given.length);
  const isOptions = options.includes(place);
  const replaced = (value: unknown) => given.with(place, value);
  const argument = given[place];
  if (random.below(16) === 0) {
    const count = random.below(given.length);
    return { name: `${count} arguments`, given: given.slice(0, count) };
  }
  const kind = random.below(12);
  const whole = `argument ${place + 1}`;
  if (kind < 1 && random.below(2) === 0) {
    const bad = damaged(argument, random);
    if (bad !== undefined) return { name: `${whole} ${bad.name}`, given: replaced(bad.value) };
  }
  if (kind < 1) {
    const form = sameNumbers(argument, random);
    if (form !== undefined) {
      return {
        name: `${whole} ${form.name}`,
        given: replaced(form.value),
        ...(arrays.includes(place) && { same: true }),
      };
    }
  }
  if (hasParts(argument) && kind < 10) {
    const names = Object.keys(argument);
    if (kind < 2 && !Array.isArray(argument)) {
      const value = withProperty(argument, "unheardOf", { value: 1, writable: true });
      return { name: `${whole}.unheardOf`, given: replaced(value), ...(isOptions && { refused: true }) };
    }
    if (kind < 3) {
      const [name, value] = [random.pick(["frozen", "sealed"]), { ...argument }];
      if (Array.isArray(argument)) return { name: `${whole} as it is`, given };
      if (name === "frozen") Object.freeze(value);
      else Object.seal(value);
      return { name: `${whole} ${name}`, given: replaced(value), ...(isOptions && { same: true }) };
    }
    if (names.length > 0) {
      const name = random.pick(names);
      const before = argument[name];
      const where = `${whole}.${name}`;
      if (kind < 4) {
        const get = () => {
          throw new Trap("trap");
        };
        return {
          name: `${where} throws`,
          given: replaced(withProperty(argument, name, { get })),
          ...(isOptions && { refused: true }),
        };
      }
      if (kind < 5) {
        let reads = 0;
        const bad = hostile(random);
        const get = () => reads++ === 0 ? before : bad.value;
        return {
          name: `${where} read again is ${bad.name}`,
          given: replaced(withProperty(argument, name, { get })),
          ...(isOptions && { same: true }),
        };
      }
      if (kind < 6 && isOptions && !free.includes(name) && hasParts(before) && !Array.isArray(before)) {
        const value = withProperty(before, "unheardOf", { value: 1, writable: true });
        return {
          name: `${where}.unheardOf`,
          given: replaced(withProperty(argument, name, { value, writable: true })),
          refused: true,
        };
      }
      if (kind < 7 && hasParts(before) && Object.keys(before).length > 0) {
        const inner = random.pick(Object.keys(before));
        const bad = hostile(random);
        const value = withProperty(before, inner, { value: bad.value, writable: true });
        return {
          name: `${where}.${inner} is ${bad.name}`,
          given: replaced(withProperty(argument, name, { value, writable: true })),
        };
      }
      if (kind < 8 && random.below(2) === 0) {
        const bad = damaged(before, random);
        if (bad !== undefined) {
          return {
            name: `${where} ${bad.name}`,
            given: replaced(withProperty(argument, name, { value: bad.value, writable: true })),
          };
        }
      }
      if (kind < 8 && hasParts(before) && random.below(2) === 0 && Object.keys(before).length > 0) {
        const inner = random.pick(Object.keys(before));
        const bad = damaged(before[inner], random);
        if (bad !== undefined) {
          const value = withProperty(before, inner, { value: bad.value, writable: true });
          return {
            name: `${where}.${inner} ${bad.name}`,
            given: replaced(withProperty(argument, name, { value, writable: true })),
          };
        }
      }
      if (kind < 8) {
        const form = sameNumbers(before, random);
        if (form !== undefined) {
          return {
            name: `${where} ${form.name}`,
            given: replaced(withProperty(argument, name, { value: form.value, writable: true })),
          };
        }
      }
      const bad = hostile(random);
      return {
        name: `${where} is ${bad.name}`,
        given: replaced(withProperty(argument, name, { value: bad.value, writable: true })),
        ...(isOptions && bad.never && { refused: true }),
      };
    }
  }
  const bad = hostile(random);
  return {
    name: `${whole} is ${bad.name}`,
    given: replaced(bad.value),
    // What a rule is told may have any names.
    ...(bad.never && (isOptions || !hasParts(argument)) && { refused: true }),
  };
}

/** What is wrong with an error; undefined where it is ours. */
function wrongError(error: unknown, { passes, system }: Entry): string | undefined {
  if (error instanceof Trap) return passes ? undefined : "what its own code threw came through";
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  const said = `${error.name}: ${error.message.slice(0, 200)}`;
  if (system && (error instanceof Deno.errors.NotFound || /os error/.test(error.message))) return undefined;
  // A class that is given as a callback is the caller's own code.
  if (/^Class constructor/.test(error.message)) return undefined;
  if (!OURS.includes(error.name)) return said;
  if (!/^Cannot [^]+?: ./.test(error.message) || FOREIGN.test(error.message)) {
    return `${said} ${error.stack?.split("\n").slice(1, 4).join(" ").replaceAll(/\s+/g, " ")}`;
  }
  // A path is shown as it is.
  return /[\n\r]/.test(error.message.replaceAll("line\nline", "")) ? `${said} has several lines` : undefined;
}

/** What of a result is no number; undefined where all are. */
function wrongResult(result: unknown, depth = 0): string | undefined {
  if (typeof result === "number") return Number.isFinite(result) ? undefined : String(result);
  if (result instanceof Float32Array || result instanceof Float64Array) {
    const place = result.findIndex((number) => !Number.isFinite(number));
    return place < 0 ? undefined : `number ${place} is ${result[place]}`;
  }
  if (typeof result !== "object" || result === null || ArrayBuffer.isView(result) || depth > 3) {
    return undefined;
  }
  for (const [name, value] of Object.entries(result)) {
    const found = wrongResult(value, depth + 1);
    if (found !== undefined) return `${name}: ${found}`;
  }
  return undefined;
}

/** Everything a result says, to compare. */
function content(result: unknown): string {
  return JSON.stringify(
    result,
    (_, value) => ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
  ) ?? "";
}

/** The answer, or an error where none came in time. */
async function answered(answer: unknown): Promise<unknown> {
  if (!(answer instanceof Promise)) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) =>
    timer = setTimeout(() => reject(new Error("no answer")), PATIENCE_MS)
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

await makeFiles();
const names = Object.keys(ENTRIES).filter((name) => only === undefined || name === only);
const rightResults = new Map<string, string>();
const counts: Record<string, number> = {};
const failures: string[] = [];
let [made, refused] = [0, 0];
addEventListener("unhandledrejection", (event) => {
  // Before the calls, it is the program's own.
  if (made === 0) return;
  event.preventDefault();
  failures.push(`a promise that nobody has was rejected: ${event.reason}`);
});

for (const name of names) {
  const entry = ENTRIES[name];
  const call = entry.call as (...given: unknown[]) => unknown;
  rightResults.set(name, content(await answered(call(...entry.right()))));
}
for (let turn = 0; made < calls; turn++) {
  const name = names[turn % names.length];
  const entry = ENTRIES[name];
  const round = Math.floor(turn / names.length);
  if (round % (entry.rarely ?? 1) !== 0) continue;
  made++;
  counts[name] = (counts[name] ?? 0) + 1;
  const changed = change(entry, new Random(seed + turn * 7919));
  if (only !== undefined) console.error(`${turn}: ${changed.name}`);
  const call = entry.call as (...given: unknown[]) => unknown;
  let wrong: string | undefined;
  try {
    const result = await answered(call(...changed.given));
    if (changed.refused) wrong = "it was accepted";
    else if (changed.same && content(result) !== rightResults.get(name)) wrong = "the result is another";
    else if (!entry.unbounded) wrong = wrongResult(result);
  } catch (error) {
    refused++;
    wrong = wrongError(error, entry);
    // An array over memory that changes its size may be refused; so may any array where one kind is asked for.
  }
  if (wrong !== undefined) failures.push(`${name}, ${changed.name}: ${wrong}`);
}
console.log(JSON.stringify({ made, refused, counts, failures }));
