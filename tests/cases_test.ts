/** Files as people bring them: each kind that other tools read wrongly without a word, and what is right. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { folder, run, SMALL } from "./cli/process.ts";
import { fault, load } from "./loading.ts";

/** Numbers that look random, the same in each run. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 * 2 - 1;
  };
}

/** Rows of three named columns whose class hangs on two of them, of very different sizes. */
function patients(rows: number, seed: number): { age: string; mass: string; dose: string; label: number }[] {
  const draw = numbers(seed);
  return Array.from({ length: rows }, () => {
    const [age, mass, dose] = [draw(), draw(), draw()];
    return {
      age: age.toFixed(4),
      mass: (100 + 10 * mass).toFixed(3),
      dose: dose.toFixed(4),
      label: Number(age + mass > 0),
    };
  });
}

function csv<T extends object>(rows: readonly T[], columns: readonly (keyof T)[]): string {
  return [columns.join(), ...rows.map((row) => columns.map((name) => row[name]).join())].join("\n") + "\n";
}

const whole = { testFraction: 0 } as const;

/** Features by name, classes by name: what a data set holds, wherever its columns stood. */
function first({ train, featureNames, classNames }: Dataset): Record<string, unknown> {
  const features = featureNames.map((name, at) => [name, train.features[at]]);
  return { ...Object.fromEntries(features), class: classNames[train.labels[0]] };
}

Deno.test("evaluate and predict find columns by name, in any order, with or without the label", async () => {
  const test = patients(60, 2);
  const path = await folder({
    "train.csv": csv(patients(300, 1), ["age", "mass", "dose", "label"]),
    "same.csv": csv(test, ["age", "mass", "dose", "label"]),
    "permuted.csv": csv(test, ["label", "dose", "mass", "age"]),
    "bare.csv": csv(test, ["dose", "age", "mass"]),
    "other.csv": csv(test, ["age", "dose"]),
    "one_class.csv": csv(test.filter(({ label }) => label === 1), ["age", "mass", "dose", "label"]),
    "one_row.csv": csv(test.slice(0, 1), ["age", "mass", "dose", "label"]),
  });
  const model = `${path}/m.safetensors`;
  const learn = [...SMALL, "--epochs", "30", "--batch-size", "8", "--dropout", "0", "--output", model];
  const trained = await run("train", "--data", `${path}/train.csv`, ...learn);
  assertEquals(trained.code, 0, trained.stderr);
  assertStringIncludes(trained.stderr, 'Label: "label"; 2 classes\nInputs: 3 numbers, 3 inputs\n');
  const measured = async (name: string) => {
    const { code, stdout, stderr } = await run("evaluate", model, "--data", `${path}/${name}.csv`, "--json");
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const same = await measured("same");
  assert(same.accuracy > 0.85, `${same.accuracy}`);
  assertEquals((await measured("permuted")).loss, same.loss);
  assertEquals((await measured("one_class")).samples, test.filter(({ label }) => label === 1).length);
  assertEquals((await measured("one_row")).samples, 1);
  const labels = async (name: string) =>
    (await run("predict", model, `${path}/${name}.csv`, "--labels")).stdout;
  const wanted = await labels("same");
  assertEquals(wanted.split("\n").length, 62);
  assertEquals([await labels("permuted"), await labels("bare")], [wanted, wanted]);
  const refused = await run("predict", model, `${path}/other.csv`);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertMatch(
    refused.stderr,
    /^error: Cannot use ".*other\.csv": it has no column "mass", which the model was/,
  );
  const shown = JSON.parse((await run("inspect", model, "--json")).stdout);
  assertEquals(shown.schema.columns.map(({ name }: { name: string }) => name), [
    "age",
    "mass",
    "dose",
    "label",
  ]);
});

Deno.test("a model knows its label column and its task, whatever was said when it was trained", async () => {
  const draw = numbers(3);
  const rows = Array.from({ length: 200 }, () => {
    const marker = draw();
    return { diagnosis: Number(marker > 0), marker, noise: draw(), smoker: Number(draw() > 0) };
  });
  const path = await folder({
    "t.csv": csv(rows, ["diagnosis", "marker", "noise", "smoker"]),
    "n.csv": csv(rows, ["smoker", "noise", "diagnosis", "marker"]),
  });
  const model = `${path}/m.safetensors`;
  const learn = [...SMALL, "--epochs", "20", "--batch-size", "8", "--dropout", "0", "--output", model];
  const args = ["--data", `${path}/t.csv`, "--label-column", "0", ...learn];
  assertEquals((await run("train", ...args)).code, 0);
  for (const data of [[], ["--data", `${path}/t.csv`], ["--data", `${path}/n.csv`]]) {
    const { stdout, stderr } = await run("evaluate", model, ...data, "--json");
    assert(JSON.parse(stdout).accuracy > 0.9, stdout + stderr);
  }
  const { code, stdout } = await run(
    "prune",
    model,
    "--data",
    `${path}/n.csv`,
    "--percentiles",
    "20",
    "--json",
  );
  assertEquals(code, 0);
  assert(JSON.parse(stdout.split("\n")[0]).accuracy > 0.9);
  const resumed = await run(
    "train",
    "--resume",
    model,
    "--data",
    `${path}/n.csv`,
    "--epochs",
    "21",
    "--json",
  );
  assertEquals(resumed.code, 0, resumed.stderr);
  const [start, epoch] = resumed.stdout.split("\n").map((line) => line && JSON.parse(line));
  assert(epoch.trainAccuracy > 0.9);
  assertMatch(start.notices[0], /another order/);
});

Deno.test("loadFiles() takes a header of numbers for a header", async () => {
  const draw = numbers(5);
  const bands = Array.from({ length: 10 }, (_, band) => `${400 + 2 * band}`);
  const spectra = (labels: readonly string[]) =>
    Array.from(
      { length: 80 },
      (_, row) => [...bands.map(() => ((1 + draw()) / 2).toFixed(3)), labels[row % 2]].join(),
    ).join("\n");
  for (const labels of [["oil", "water"], ["0", "1"]]) {
    const data = await load({ "nir.csv": `${bands.join()},species\n${spectra(labels)}\n` }, whole);
    assertEquals([data.train.samples, data.classNames, data.featureNames], [80, labels, bands]);
  }
});

Deno.test("predict takes a first line of the model's names for a header, numbers too", async () => {
  const path = await folder({
    "t.csv": "400,402,species\n" + "0.1,0.2,oil\n0.9,0.8,water\n".repeat(20),
    "n.csv": "402,400\n0.2,0.1\n0.8,0.9\n",
  });
  const model = `${path}/m.safetensors`;
  const args = [
    "--data",
    `${path}/t.csv`,
    ...SMALL,
    "--epochs",
    "30",
    "--batch-size",
    "4",
    "--output",
    model,
  ];
  assertEquals((await run("train", ...args)).code, 0);
  const { stdout, stderr } = await run("predict", model, `${path}/n.csv`, "--labels");
  assertEquals(stdout, "label\noil\nwater\n", stderr);
});

Deno.test("loadFiles() keeps the spelling of labels that are long numbers", async () => {
  const ids = ["740245381351497730", "740245381351497699", "312782592000000017"];
  const rows = Array.from({ length: 30 }, (_, row) => `${row},${row * row},${ids[row % 3]}`);
  const { classNames, train } = await load({ "ids.csv": `a,b,label\n${rows.join("\n")}\n` }, whole);
  assertEquals(classNames, [ids[2], ids[1], ids[0]]);
  assertEquals([...train.labels.subarray(0, 3)], [2, 1, 0]);
});

Deno.test("loadFiles() reads the forms in which tables are saved alike", async () => {
  const rows = [["0.109", "0", "0"], ["-0.227", "2", "1"], ["0.317", "1", "1"], ["0.5", "3", "0"], [
    "0.7",
    "2",
    "1",
  ]];
  const lines = (cells: (row: string[], at: number) => string[], mark = ",") =>
    rows.map((row, at) => cells(row, at).join(mark)).join("\n");
  const plain = lines((row) => row);
  const forms: Record<string, string> = {
    "savetxt, label first": `# label,score,grade\n${lines(([score, grade, label]) => [label, score, grade])}`,
    "comments first": `# exported 2024-05-01\n# units: mg\nscore,grade,label\n${plain}`,
    "a line of Excel": `sep=;\nscore;grade;label\n${lines((row) => row, ";")}`,
    "decimal commas": `score;grade;label\n${lines((row) => row.map((cell) => cell.replace(".", ",")), ";")}`,
    "a comma at the end": `score,grade,label,\n${lines((row) => [...row, ""])}`,
    "row names of R": `"score" "grade" "label"\n${lines((row, at) => [`"${at + 1}"`, ...row], " ")}`,
    "an index of pandas": `,score,grade,label\n${lines((row, at) => [`${at}`, ...row])}`,
    "lines of Windows": `score,grade,label\r\n${plain.replaceAll("\n", "\r\n")}\r\n`,
    "lines of old Macs": `score,grade,label\r${plain.replaceAll("\n", "\r")}\r`,
  };
  for (const [what, text] of Object.entries(forms)) {
    const data = await load({ "t.csv": `${text}\n` }, whole);
    assertEquals(data.featureNames, ["score", "grade"], what);
    assertEquals([data.train.samples, data.classNames], [5, ["0", "1"]], what);
    assertEquals(first(data), { score: Math.fround(0.109), grade: 0, class: "0" }, what);
    assertEquals([...data.train.labels], [0, 1, 1, 0, 1], what);
  }
});

Deno.test("loadFiles() refuses two columns of one name, and says what an ARFF file is", async () => {
  const twice = await fault({ "t.csv": "score,label,grade,label\n1,0,2,0\n3,1,4,1\n" });
  assertStringIncludes(twice, 'columns 2 and 4 are both called "label"');
  const weka = "@relation w\n@attribute a numeric\n@attribute label {0,1}\n@data\n1,0\n2,1\n";
  assertStringIncludes(await fault({ "w.arff": weka }), "it is an ARFF file (Weka)");
});

Deno.test("loadFiles() reads text in another encoding by name, and refuses it without", async () => {
  const text = "a,b,label\n" + "1,2,p\u00eache\n3,4,p\u00e9che\n5,6,melon\n".repeat(3);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  assertMatch(
    await fault({ "t.csv": bytes }),
    /line 2, column 3 \("label"\) is not UTF-8 text; name its encoding/,
  );
  const { classNames } = await load({ "t.csv": bytes }, { ...whole, encoding: "latin1" });
  assertEquals(classNames, ["melon", "p\u00e9che", "p\u00eache"]);
});

Deno.test("loadFiles() keeps apart numbers that 32 bits would not", async () => {
  const rows = Array.from({ length: 84 }, (_, row) => `${1700000000 + (row * 5) % 42},${row % 7},${row % 2}`);
  const { train } = await load({ "t.csv": `time,b,label\n${rows.join("\n")}\n` }, whole);
  assertEquals(new Set(train.features.filter((_, at) => at % 2 === 0)).size, 42);
});

Deno.test("train tells that many different numbers are no classes, and what vanishes in 32 bits", async () => {
  const draw = numbers(7);
  const rows = Array.from({ length: 200 }, () => `${draw()},${(30 + 10 * draw()).toFixed(2)}`);
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const data = await load({ "t.csv": `a,strength\n${rows.join("\n")}\n` }, { ...whole, onNotice });
  assertEquals([data.task, data.train.targets.length], ["regression", 200]);
  assertMatch(
    notices[0],
    /numbers to predict, as there are \d+ different numbers with fractions in 200 rows/,
  );
  const wide = Array.from({ length: 40 }, (_, row) => `${row < 20 ? 1e9 * row : 4e10 + row},${row % 2}`);
  await load({ "t.csv": `code,label\n${wide.join("\n")}\n` }, { ...whole, onNotice });
  assertMatch(notices.at(-1)!, /"code": 19 cells differ from the one above by less than 32 bits can tell/);
});

Deno.test("loadFiles() makes no class of missing labels", async () => {
  for (const missing of ["NA", "?", ""]) {
    const rows = Array.from(
      { length: 20 },
      (_, row) => `${row},${row === 2 || row === 9 ? missing : row % 2}`,
    );
    const files = { "t.csv": `a,label\n${rows.join("\n")}\n` };
    assertMatch(
      await fault(files),
      /Cannot use line 4, "label" of "t\.csv": the label is missing .*, as 1 more are\)/,
    );
    const { classNames, train } = await load(files, { ...whole, missingLabels: "drop" });
    assertEquals([classNames, train.samples, train.features[2]], [["0", "1"], 18, 3]);
  }
});

Deno.test("loadFiles() reads categories, missing cells, weights, and texts among numbers", async () => {
  const rows = ["1,red,2,0.5,7.5", "NA,blue,n/k,1,8", "3,red,4,1,?", ",,6,2,9", "2,blue,8,0,10"];
  const files = { "t.csv": `mass,colour,count,w,price\n${rows.join("\n")}\n` };
  const data = await load(files, {
    ...whole,
    task: "regression",
    weightColumn: "w",
    numbers: ["count"],
    missingLabels: "drop",
  });
  assertEquals(data.featureNames, [
    "mass",
    "mass is missing",
    "colour=blue",
    "colour=red",
    "colour=(missing)",
    "count",
    "count is missing",
  ]);
  assertEquals([...data.train.targets, ...data.train.weights!], [7.5, 8, 9, 10, 0.5, 1, 2, 0]);
  assertEquals([...data.train.features], [
    ...[1, 0, 0, 1, 0, 2, 0],
    ...[2, 1, 1, 0, 0, 5, 1],
    ...[2, 1, 0, 0, 1, 6, 0],
    ...[2, 0, 1, 0, 0, 8, 0],
  ]);
});

Deno.test("loadFiles() reads twenty thousand named columns", async () => {
  const columns = Array.from({ length: 20_000 }, (_, column) => `gene${column}`);
  const row = (at: number) => columns.map((_, column) => (column + at) % 10).join();
  const text = `${columns.join()},label\n${[0, 1, 2, 3].map((at) => `${row(at)},${at % 2}`).join("\n")}\n`;
  const data = await load({ "genes.csv": text }, whole);
  assertEquals([data.featureCount, data.train.samples, data.train.features[20_000]], [20_000, 4, 1]);
});

const cases = Deno.env.get("TRULY_SPARSE_CASES");
const FILES:
  readonly (readonly [file: string, samples: number, classes: readonly string[], label?: string])[] = [
    ["order_train.csv", 400, ["0", "1"]],
    ["label_first_numeric.csv", 300, ["0", "1"], "diagnosis"],
    ["nir_wavelength_header_text_labels.csv", 80, ["oil", "water"]],
    ["nir_wavelength_header_numeric_labels.csv", 80, ["0", "1"]],
    ["labels_tweet_like_ids.csv", 150, ["312782592000000017", "740245381351497699", "740245381351497730"]],
    ["savetxt_label_first.csv", 80, ["0", "1"]],
    ["unix_timestamp_feature.csv", 400, ["0", "1"]],
    ["float_targets_no_task.csv", 200, []],
    ["r_write_table.txt", 80, ["0", "1"]],
    ["pandas_index_column.csv", 80, ["0", "1"]],
    ["trailing_comma.csv", 80, ["0", "1"]],
    ["comment_lines_first.csv", 80, ["0", "1"]],
    ["excel_sep_line.csv", 80, ["0", "1"]],
  ];
for (const [file, samples, classes, labelColumn] of FILES) {
  Deno.test({
    name: `loadFiles() reads ${file} as it should`,
    ignore: cases === undefined,
    fn: async () => {
      const data = await load({ [file]: await Deno.readFile(`${cases}/${file}`) }, { ...whole, labelColumn });
      assertEquals([data.train.samples, data.classNames], [samples, classes]);
    },
  });
}

Deno.test("train --resume refuses to take columns for something else than the checkpoint does", async () => {
  const path = await folder({ "t.csv": csv(patients(40, 3), ["age", "mass", "dose", "label"]) });
  const model = `${path}/m.safetensors`;
  const began = await run("train", "--data", `${path}/t.csv`, ...SMALL, "--epochs", "1", "--output", model);
  assertEquals(began.code, 0, began.stderr);
  const { code, stderr } = await run("train", "--resume", model, "--epochs", "2", "--categories", "dose");
  assertEquals(code, 2);
  assertStringIncludes(
    stderr,
    "Cannot use --categories with --resume: the checkpoint knows what its columns are",
  );
});
