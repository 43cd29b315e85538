import { assertEquals, assertMatch } from "@std/assert";
import { folder, run, SMALL, table } from "./cli/process.ts";

/** An IDX file of bytes. */
function idx(shape: readonly number[], content: readonly number[]): Uint8Array {
  const lengths = shape.flatMap((length) => [0, 0, length >> 8, length & 255]);
  return Uint8Array.from([0, 0, 8, shape.length, ...lengths, ...content]);
}

const IMAGES = idx([6, 2, 2], Array.from({ length: 24 }, (_, pixel) => pixel));
const LABELS = idx([6], [0, 1, 0, 1, 0, 1]);
const PAIR = { "train-images-idx3-ubyte": IMAGES, "train-labels-idx1-ubyte": LABELS };

/** Wrong usage and bad data: what is typed, the exit code, and what the one line says. */
const REFUSED: readonly (readonly [
  what: string,
  files: Record<string, string | Uint8Array>,
  args: readonly string[],
  code: number,
  says: RegExp,
])[] = [
  ["an unknown option", {}, ["--epoch", "3"], 2, /no such option; did you mean --epochs\?/],
  ["an epsilon that is not above 0", {}, ["--epsilon", "0"], 2, /--epsilon 0: expected a number above 0/],
  ["a density above 1", {}, ["--density", "1.5"], 2, /--density 1\.5: expected numbers above 0, at most 1/],
  ["no epochs", {}, ["--epochs", "0"], 2, /--epochs 0: expected a whole number of at least 1/],
  [
    "a hidden layer whose size passes 32 bits",
    {},
    ["--hidden", "4294967296"],
    2,
    /--hidden 4294967296: expected whole numbers from 1 to 4294967295/,
  ],
  [
    "a layer whose connections pass 32 bits",
    { "t.csv": table(20) },
    ["--data", "t.csv", "--hidden", "4000000000", "--density", "1", "--memory", "1000000"],
    1,
    /layer \[2, 4000000000\] with about 8000000000 connections: at most 4294967295 can be counted/,
  ],
  [
    "a cell of text",
    { "t.csv": "a,b,class\n1,2,x\n3,four,y\n" },
    ["--data", "t.csv"],
    1,
    /Cannot use "b" of ".*t\.csv": line 3 is "four", another is a number; correct it, /,
  ],
  [
    "a missing cell",
    { "t.csv": "a,b,class\n1,2,x\n3,4,y\nNaN,6,x\n" },
    ["--data", "t.csv", "--missing", "refuse"],
    1,
    /Cannot use "a" of ".*t\.csv": line 4 is missing \("NaN"\); a value is needed/,
  ],
  [
    "a NaN among pairs",
    { "t.svm": "1 1:0.5 2:1\n2 1:0.5 2:nan\n" },
    ["--data", "t.svm"],
    1,
    /t\.svm": line 2, column 3 holds "nan", a finite number is needed/,
  ],
  [
    "a missing label",
    { "t.csv": "a,b,class\n1,2,x\n3,4,\n" },
    ["--data", "t.csv"],
    1,
    /Cannot use line 3, "class" of ".*t\.csv": the label is missing \(empty\); correct it/,
  ],
  [
    "pairs without a label",
    { "t.svm": "1:0.5 2:1\n1:0.1 2:3\n" },
    ["--data", "t.svm"],
    1,
    /t\.svm": line 1 begins with "1:0\.5", its label is missing/,
  ],
  [
    "images without their labels",
    { "train-images-idx3-ubyte": IMAGES },
    ["--data", "train-images-idx3-ubyte"],
    1,
    /found 1 of features and 0 of labels/,
  ],
  [
    "fewer labels than images",
    { ...PAIR, "train-labels-idx1-ubyte": idx([5], [0, 1, 0, 1, 0]) },
    ["--data", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
    1,
    /found 5 labels for 6 samples/,
  ],
  [
    "images of another size to test with",
    { ...PAIR, "t10k-images-idx3-ubyte": idx([1, 1, 2], [1, 2]), "t10k-labels-idx1-ubyte": idx([1], [0]) },
    ["--data", ...Object.keys(PAIR), "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
    1,
    /Cannot test with .*it has 2 features, .* has 4/,
  ],
  [
    "a row that is too short",
    { "t.csv": "a,b,class\n1,2,x\n3,y\n" },
    ["--data", "t.csv"],
    1,
    /t\.csv": line 3 has 2 cells, expected 3 as in the first row/,
  ],
  [
    "a class to test with that is past the last",
    { ...PAIR, "t10k-images-idx3-ubyte": IMAGES, "t10k-labels-idx1-ubyte": idx([6], [0, 1, 0, 1, 0, 2]) },
    ["--data", ...Object.keys(PAIR), "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
    1,
    /t10k-labels-idx1-ubyte" for testing: class "2" is not among the 2 classes to learn/,
  ],
  ["an empty file", { "t.csv": "" }, ["--data", "t.csv"], 1, /t\.csv": it is empty/],
  ["a header without rows", { "t.csv": "a,b,class\n" }, ["--data", "t.csv"], 1, /it has no rows of data/],
  [
    "IDX images that are cut off",
    { ...PAIR, "train-images-idx3-ubyte": IMAGES.subarray(0, 39) },
    ["--data", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
    1,
    /train-images-idx3-ubyte": it is truncated: .* need 40 bytes, found 39/,
  ],
  [
    "a gzip that is none",
    { "t.csv.gz": "a,b\n1,2\n" },
    ["--data", "t.csv.gz"],
    1,
    /t\.csv\.gz": its name ends with "\.gz", but its content is no gzip/,
  ],
  [
    "a gzip that is cut off",
    { "t.csv.gz": Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 75, 212, 73) },
    ["--data", "t.csv.gz"],
    1,
    /t\.csv\.gz": its gzip data is damaged or cut short/,
  ],
  [
    "one sample of a class",
    { "t.csv": "a,b,class\n1,2,x\n" },
    ["--data", "t.csv"],
    1,
    /t\.csv": its only label is "x", at least 2 classes are needed/,
  ],
  [
    "one sample to be split",
    { "t.csv": "a,b,y\n1,2,0.5\n" },
    ["--data", "t.csv", "--task", "regression"],
    1,
    /a fraction of 0\.2 of 1 samples leaves 1 to train and 0 to test, both need at least 1/,
  ],
  ["a missing file", {}, ["--data", "none.csv"], 1, /none\.csv": there is no such file/],
];

for (const [what, files, args, expected, says] of REFUSED) {
  Deno.test(`train refuses ${what} with one line and exit code ${expected}`, async () => {
    const path = await folder(files);
    const placed = args.map((arg) => arg in files || arg === "none.csv" ? `${path}/${arg}` : arg);
    const { code, stdout, stderr } = await run("train", ...placed, "--output", `${path}/m.safetensors`);
    assertEquals([code, stdout], [expected, ""]);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
    assertMatch(stderr, /^error: /);
    assertMatch(stderr, says);
    const left = [...Deno.readDirSync(path)].map(({ name }) => name);
    assertEquals(left.sort(), Object.keys(files).sort());
  });
}

for (
  const [what, rows, args] of [
    ["one sample", "1,2,0.5\n", ["--task", "regression", "--test-fraction", "0"]],
    ["features that are constant", "3,7,x\n3,7,y\n".repeat(20), []],
  ] as const
) {
  Deno.test(`train learns from ${what}, and every number stays finite`, async () => {
    const path = await folder({ "t.csv": `a,b,y\n${rows}` });
    const line = ["--data", `${path}/t.csv`, ...SMALL, "--epochs", "3", ...args, "--json"];
    const { code, stdout, stderr } = await run("train", ...line);
    assertEquals([code, stderr], [0, ""]);
    const summary = JSON.parse(stdout.trim().split("\n").at(-1)!);
    assertEquals([summary.epochs, Number.isFinite(summary.lastTrainLoss)], [3, true]);
  });
}

for (
  const [what, rows, says] of [
    [
      "other features",
      "a,c,class\n1,2,even\n4,5,odd\n",
      /it has no column "b", which the model was trained on/,
    ],
    [
      "more features",
      "1,2,3,even\n4,5,6,odd\n",
      /4 columns without a header, the model takes 2 columns of features/,
    ],
    ["other classes", "a,b,class\n1,2,even\n4,5,prime\n", /prime/],
  ] as const
) {
  Deno.test(`train --resume and evaluate refuse data of ${what}, and leave the model as it was`, async () => {
    const path = await folder({ "t.csv": table(60), "other.csv": rows });
    const model = `${path}/m.safetensors`;
    const args = ["--data", `${path}/t.csv`, ...SMALL, "--epochs", "1", "--output", model, "--quiet"];
    assertEquals((await run("train", ...args)).code, 0);
    const before = await Deno.readFile(model);
    const other = ["--data", `${path}/other.csv`];
    const resume = ["train", "--resume", model, ...other, "--test-fraction", "0", "--epochs", "3"];
    for (const line of [resume, ["evaluate", model, ...other]]) {
      const { code, stdout, stderr } = await run(...line);
      assertEquals([code, stdout, stderr.trim().split("\n").length], [1, "", 1], stderr);
      assertMatch(stderr, says);
    }
    assertEquals(await Deno.readFile(model), before);
  });
}
