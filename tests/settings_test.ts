import { assert, assertEquals } from "@std/assert";
import { STATE_HEAD_WORDS } from "../src/model/layer.ts";
import { LAYOUT_FIELDS } from "../src/native/layout.ts";
import { DECAY_FORMS, SettingsBlock, STEP_FIELDS } from "../src/native/settings.ts";
import { OPTIMIZER_NAMES, optimizerNamed } from "../src/optimizer/optimizers.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";

const KERNELS = new URL("../kernels/src/", import.meta.url);

/** One field of a struct; all of one type, so that the place of a field decides its offset. */
interface Field {
  readonly name: string;
  readonly type: string;
}

function* pagesIn(folder: URL): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* pagesIn(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".rs")) yield new URL(entry.name, folder);
  }
}

/** Structs of a Rust page whose fields lie in the order they are written in, by name. */
function structsOf(text: string): Map<string, Field[]> {
  const code = text.replace(/\/\/.*$/gm, "");
  const structs = /#\[repr\(C\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))? )?struct (\w+) \{([^}]*)\}/g;
  return new Map([...code.matchAll(structs)].map(([, name, body]) => [
    name,
    body.split(",").filter((part) => part.trim()).map((part) => {
      const [field, type] = part.replace(/\bpub(?:\([^)]*\))? /, "").split(":").map((word) => word.trim());
      return { name: field, type };
    }),
  ]));
}

/** Structs of the kernels by page and name: "network/layer.rs RawRow". */
const STRUCTS = new Map<string, Field[]>([...pagesIn(KERNELS)].flatMap((url) => {
  const page = url.href.slice(KERNELS.href.length);
  return [...structsOf(Deno.readTextFileSync(url))].map(([name, fields]) =>
    [`${page} ${name}`, fields] as const
  );
}));

/** What is wrong between a list of fields and the struct it is written for; undefined where they agree. */
function difference(list: readonly string[], struct: readonly Field[], type: string): string | undefined {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  for (let place = 0; place < Math.max(list.length, struct.length); place++) {
    if (place >= list.length) return `the list has no ${struct[place].name}`;
    if (place >= struct.length) return `the struct has no ${snake(list[place])}`;
    const { name, type: found } = struct[place];
    if (snake(list[place]) !== name) return `${list[place]} stands where the struct has ${name}`;
    if (found !== type) return `${name} is ${found}, expected ${type}`;
  }
}

const capital = (name: string) => name[0].toUpperCase() + name.slice(1);

/** Every list that crosses the border, with the struct it is written for and the type of its fields. */
const LISTS: readonly (readonly [struct: string, list: readonly string[], type: string])[] = [
  ["network/settings.rs StepSettings", STEP_FIELDS, "f64"],
  ["network/layer.rs RawRow", LAYOUT_FIELDS, "u32"],
  ...OPTIMIZER_NAMES.map((name) =>
    [`network/${name}.rs ${capital(name)}Settings`, optimizerNamed(name).fields, "f64"] as const
  ),
];

Deno.test("STEP_FIELDS, LAYOUT_FIELDS and the fields of each optimiser are those of the kernels' structs", () => {
  for (const [struct, list, type] of LISTS) {
    const fields = STRUCTS.get(struct);
    assert(fields !== undefined, `there is no ${struct}`);
    assertEquals(difference(list, fields, type), undefined, struct);
  }
  // A struct that crosses the border without a list would be compared with nothing.
  assertEquals([...STRUCTS.keys()].toSorted(), LISTS.map(([struct]) => struct).toSorted());
});

Deno.test("difference() sees a field too many, renamed, moved or of another type, on either side", () => {
  for (const [name, list, type] of LISTS) {
    const struct = STRUCTS.get(name)!;
    const [first, second, ...others] = list;
    const rest = struct.slice(2);
    const spoiled: [readonly string[], readonly Field[], string][] = [
      [[...list, "beta9"], struct, "the struct has no beta9"],
      [list.slice(0, -1), struct, `the list has no ${struct[struct.length - 1].name}`],
      [list, [...struct, { name: "beta9", type }], "the list has no beta9"],
      [list, struct.slice(0, -1), "the struct has no "],
      [[second, first, ...others], struct, `${second} stands where the struct has ${struct[0].name}`],
      [list, [struct[1], struct[0], ...rest], `${first} stands where the struct has ${struct[1].name}`],
      [[`${first}s`, second, ...others], struct, `${first}s stands where the struct has ${struct[0].name}`],
      [list, [struct[0], { name: "speed", type }, ...rest], `${second} stands where the struct has speed`],
      [list, [struct[0], { name: struct[1].name, type: "f32" }, ...rest], `${struct[1].name} is f32`],
    ];
    for (const [fields, other, message] of spoiled) {
      const found = difference(fields, other, type);
      assert(found?.startsWith(message), `${name}: ${found}, expected ${message}`);
    }
  }
});

Deno.test("structsOf() reads fields as Rust has them, without comments, attributes and visibility", () => {
  const text = `/// What is said.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Given {
    /// One, and another: so.
    pub one: f64,
    two_words: u32, // last
}
#[derive(Clone)]
struct Other {
    three: f64,
}`;
  assertEquals([...structsOf(text)], [
    ["Given", [{ name: "one", type: "f64" }, { name: "two_words", type: "u32" }]],
  ]);
});

Deno.test("Optimizer.write() writes each setting at the place of its field", () => {
  for (const name of OPTIMIZER_NAMES) {
    const optimizer = optimizerNamed(name);
    const given = { momentum: 0.5, nesterov: true, beta1: 0.25, beta2: 0.75, adamEpsilon: 0.125 };
    const settings = { ...resolveHyperparameters({ optimizer: name }, 1), ...given } as const;
    const block = new SettingsBlock(optimizer.fields.length);
    block.own.fill(NaN);
    optimizer.write(block.own, settings, 1);
    assertEquals([...block.own], optimizer.fields.map((field) => Number(settings[field])), name);
    assertEquals([...block.numbers.subarray(STEP_FIELDS.length)], [...block.own]);
  }
});

Deno.test("SettingsBlock.set() writes a field at its place, and no other", () => {
  const block = new SettingsBlock(2);
  STEP_FIELDS.forEach((field, place) => block.set(field, place + 1));
  assertEquals([...block.numbers], [...STEP_FIELDS.map((_, place) => place + 1), 0, 0]);
});

Deno.test("DECAY_FORMS, codes and planes of the optimisers, and the head of the state are those of the kernels", () => {
  const page = (path: string) => Deno.readTextFileSync(new URL(path, KERNELS));
  const forms = [...page("network/settings.rs").matchAll(/(\d+) => DecayForm::(\w+)/g)];
  assertEquals(
    forms.map(([, code, form]) => [Number(code), form]),
    DECAY_FORMS.map((f, at) => [at, capital(f)]),
  );
  const methods = [...page("network/method.rs").matchAll(/\((\d+), (\d+)\) => Self::(\w+)/g)];
  for (const name of OPTIMIZER_NAMES) {
    const { code, planes } = optimizerNamed(name);
    for (const momentum of [0, 0.9]) {
      const settings = { ...resolveHyperparameters({ optimizer: name }, 1), momentum };
      const count = planes(settings).length;
      const method = methods.find(([, one, two]) => Number(one) === code && Number(two) === count)?.[3];
      assert(method?.endsWith(capital(name)), `${name} with ${count} planes is ${method}`);
    }
  }
  // The kernels' head is as many words as sections are rounded up to.
  const [, alignment] = /const ALIGNMENT_WORDS: usize = (\d+);/.exec(page("network/layer.rs"))!;
  assert(page("network/layer.rs").includes("STATE_HEAD_WORDS: usize = ALIGNMENT_WORDS;"));
  assertEquals(STATE_HEAD_WORDS, Number(alignment));
});
