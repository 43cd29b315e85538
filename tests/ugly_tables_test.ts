/** Tables that are ugly in one way each: read right, or refused in one line that says where and what to do. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { command, folder, run, SMALL } from "./cli/process.ts";
import { type Content, fault, load } from "./loading.ts";

const rows = (head: string, row: (index: number) => string, count = 40, end = "\n") =>
  [head, ...Array.from({ length: count }, (_, index) => row(index))].join(end) + end;

const xy = (index: number) => "xy"[index % 2];

/** What is said of a table that is read. */
async function told(content: Content): Promise<string> {
  const notices: string[] = [];
  await load({ "t.csv": content }, { onNotice: (notice) => notices.push(notice) });
  return notices.join("\n");
}

Deno.test("loadFiles() keeps codes that begin with zeros apart, and joins numbers", async () => {
  const labelled = (labels: readonly string[]) =>
    rows("a,label", (index) => `${index},${labels[index % labels.length]}`);
  const classes = async (...labels: string[]) => (await load({ "t.csv": labelled(labels) })).classNames;
  assertEquals(await classes("007", "7", "07"), ["007", "07", "7"]);
  assertEquals(await classes("1", "1.0", "+1", "0", "-0"), ["0", "1"]);
  assertEquals(await classes("0.5", "00.5"), ["0.5", "00.5"]);
  const codes = rows("a,label", (index) => `${index},${`${index}`.padStart(5, "0")}`);
  assertEquals((await load({ "t.csv": codes }, { task: "classification" })).classNames[7], "00007");
  const like = { task: "classification", featureCount: 1, classNames: ["7", "8"] } as const;
  const known = await load({ "t.csv": "a,label\n1,7.0\n2,8\n" }, { like, testFraction: 0 });
  assertEquals([...known.train.labels], [0, 1]);
  assertStringIncludes(await fault({ "t.csv": "a,label\n1,7\n2,007\n" }, { like }), 'line 3 of "t.csv"');
  const coded = { ...like, classNames: ["007", "7"] };
  const both = await load({ "t.csv": "a,label\n1,7\n2,007\n" }, { like: coded, testFraction: 0 });
  assertEquals([...both.train.labels], [1, 0]);
});

Deno.test("loadFiles() refuses numbers with marks beside their digits, and takes them for categories by wish", async () => {
  const spellings = [
    ...[
      "5 %",
      "5%",
      "$1,234.50",
      "€ 3",
      "1 234",
      "1\u00a0234",
      "\u00a05",
      "1.234.567",
      "(5.00)",
      "1D+02",
      "3,5",
    ],
    ...["EUR 5", "1'234", "−5"],
  ];
  for (const spelling of spellings) {
    for (const different of [2, 40]) {
      const text = rows("a,p,label", (index) => {
        return `${index},"${index % different === 0 ? spelling : spelling.replace("5", "6")}",${xy(index)}`;
      });
      const message = await fault({ "t.csv": text });
      assertStringIncludes(message, `Cannot use "p" of "t.csv": line 2 is "${spelling}", a number with a`);
    }
  }
  const percent = rows("a,p,label", (index) => `${index},${index % 4}%,${xy(index)}`);
  assertEquals((await load({ "t.csv": percent }, { categories: ["p"] })).featureCount, 5);
  // Ranges, versions, grades and units are no numbers.
  for (const text of ["20-30", ">50K", "1.2.3", "A1", "5 kg", "10.0.0.1", "3/4"]) {
    const kinds = rows("a,p,label", (index) => `${index},${index % 2 ? text : "other"},${xy(index)}`);
    assertEquals((await load({ "t.csv": kinds })).featureCount, 3, text);
  }
});

Deno.test("loadFiles() refuses a label that looks like no classes, unless somebody says so", async () => {
  const notes = rows("a,note", (index) => `${index},"a note, the ${index}th"`);
  assertStringIncludes(
    await fault({ "t.csv": notes }),
    'Cannot take "note" of "t.csv" for the label: it holds 40 different labels in 40 rows; correct it, name its column',
  );
  assertEquals((await load({ "t.csv": notes }, { task: "classification" })).classNames.length, 40);
  const few = rows("a,price", (index) => `${index},${index === 5 ? "n.d." : index + 0.25}`);
  assertStringIncludes(await fault({ "t.csv": few }), 'line 7 is "n.d.", 39 others are numbers; correct it');
  const label = rows("a,b,label", (index) => `${index},1,${index % 2}`);
  for (const wish of ["categories", "numbers", "ignoreColumns"]) {
    assertStringIncludes(
      await fault({ "t.csv": label }, { [wish]: ["label"] }),
      "or choose what it holds: it is the label",
    );
  }
  const prices = rows("a,price", (index) => `${index},$${index % 5}.50`);
  assertStringIncludes(await fault({ "t.csv": prices }), 'line 2 is "$0.50", a number with a blank');
});

Deno.test("loadFiles() says which classes and categories look alike", async () => {
  const alike = async (one: string, two: string) =>
    await told(rows("a,c,label", (index) => `${index},${index % 3 ? one : two},${[one, two][index % 2]}`));
  const capitals = await alike("Yes", "yes");
  assertStringIncludes(capitals, 'Label: "label"; 2 classes, "Yes" and "yes" apart');
  assertStringIncludes(capitals, '"c", "Yes" and "yes" apart');
  assertStringIncludes(await alike("y", "y\u00a0"), '"y" and "y\u00a0" apart');
  assert(!(await alike("yes", "no")).includes("apart"));
});

Deno.test("loadFiles() reads line ends, quotes, marks and names of every kind", async () => {
  const ends = ["\n", "\r\n", "\r"];
  const mixed = "a,b,label\r\n" +
    Array.from({ length: 40 }, (_, index) => `${index},${index % 7},${xy(index)}${ends[index % 3]}`).join("");
  assertEquals((await load({ "t.csv": mixed }, { testFraction: 0 })).train.samples, 40);
  const quoted = rows('"a,1","b ""q""","x\ny",label', (index) => `${index},1,2,${xy(index)}`);
  assertEquals((await load({ "t.csv": quoted })).featureNames, ["a,1", 'b "q"', "x\ny"]);
  const marked = "\ufeff" + rows("sep=;\r\na;b;label", (index) => `${index},5;1;${xy(index)}`, 40, "\r\n");
  const excel = await load({ "t.csv": marked }, { testFraction: 0 });
  assertEquals([excel.featureNames, excel.train.features[2]], [["a", "b"], 1.5]);
  const proto = rows("constructor,__proto__,toString,label", (index) => {
    return `${index},1,${["__proto__", "valueOf"][index % 2]},${["constructor", "__proto__"][index % 2]}`;
  });
  const names = await load({ "t.csv": proto });
  assertEquals(names.classNames, ["__proto__", "constructor"]);
  assertEquals(names.featureNames.slice(2), ["toString=__proto__", "toString=valueOf"]);
  const decomposed = rows("gro\u0308\u00dfe,b,label", (index) => `${index},1,${xy(index)}`);
  assertEquals((await load({ "t.csv": decomposed }, { labelColumn: "label" })).featureNames[0], "größe");
  const paths = rows("a,path,label", (index) => `${index},"C:\\${xy(index)}\\",${xy(index)}`);
  assertEquals((await load({ "t.csv": paths })).featureNames[1], "path=C:\\x\\");
});

Deno.test("loadFiles() names line and column of rows that do not belong to the table", async () => {
  const good = (index: number) => `${index},${index % 7},${xy(index)}`;
  const whole = rows("a,b,label", good);
  const faults: [string, RegExp][] = [
    [whole + "a,b,label\n" + rows("1,2,x", good), /"a" of "t.csv": line 42 is "a", 81 others are numbers/],
    [whole + "Total,99,\n", /line 42/],
    [whole.replace("\n", "\nkg,m,-\n"), /"a" of "t.csv": line 2 is "kg", 40 others are numbers/],
    ["Report\n\n" + whole, /line 3 has 3 cells, expected 1/],
    [whole + "1,2\n", /line 42 has 2 cells, expected 3/],
    [whole + '1,"2,x\n', /line 42, column 2 \("b"\) begins a quotation/],
    [whole + ",,\n", /line 42, "label" of "t.csv": the label is missing \(empty\)/],
    ["a,b,label\n", /"t.csv": it has no rows of data/],
    ["", /"t.csv": it is empty/],
    ["a,b,label\n1,2,x\n", /its only label is "x", at least 2 classes/],
    ["version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n", /a pointer of Git LFS/],
  ];
  for (const [text, message] of faults) assertMatch(await fault({ "t.csv": text }), message);
});

Deno.test("loadFiles() takes columns without a name where they are no inputs, and models of them are saved", async () => {
  const unnamed = rows(",a,,label,,", (index) => `${index},${index % 7},,${xy(index)},,`);
  const place = await folder({
    "t.csv": unnamed,
    "u.csv": rows(",a,,label", (index) => `${index},${index % 7},${index % 3},${xy(index)}`),
  });
  const [data, model] = [`${place}/t.csv`, `${place}/m.safetensors`];
  const trained = await run("train", "--data", data, "--epochs", "1", ...SMALL, "--output", model);
  assertEquals(trained.code, 0, trained.stderr);
  assertEquals((await run("evaluate", model, "--data", data)).code, 0);
  const second = await run("train", "--data", `${place}/u.csv`, "--epochs", "1", ...SMALL);
  assertStringIncludes(
    second.stderr,
    "columns 1 and 3 have no name; rename one, or ignore both by their index",
  );
  assertStringIncludes(second.stderr, "(--ignore-columns 0,2)");
});

Deno.test("train and evaluate say how many rows without a label were left out", async () => {
  const place = await folder({
    "t.csv": rows("a,label", (index) => `${index},${index % 4 === 3 ? "NA" : xy(index)}`),
  });
  const [data, model] = [`${place}/t.csv`, `${place}/m.safetensors`];
  const drop = ["--missing-labels", "drop"];
  const trained = await run("train", "--data", data, ...drop, "--epochs", "1", ...SMALL, "--output", model);
  assertStringIncludes(trained.stderr + trained.stdout, "10 labels are missing: such rows are left out");
  const { stderr } = await run("evaluate", model, "--data", data, ...drop);
  assertEquals(stderr.trim(), `"${data}": "label": 10 rows have none, left out`);
});

Deno.test("inspect shows names with line ends and escapes on one line", async () => {
  const place = await folder({
    "t.csv": rows('"x\n\u001b[31my",label', (index) => `${index},"${xy(index)}\nz"`),
  });
  const [data, model] = [`${place}/t.csv`, `${place}/m.safetensors`];
  const trained = await run("train", "--data", data, "--epochs", "1", ...SMALL, "--output", model);
  const { stdout } = await run("inspect", model);
  assertStringIncludes(stdout, "\nx\ufffd\ufffd[31my  number");
  assertStringIncludes(trained.stdout + trained.stderr, "x\ufffdz: ");
});

Deno.test("predict FILE - reads delimited text from the standard input, packed or not, as from a file", async () => {
  const names = rows("0,1,2,label", (index) => `${index},${index * 3 % 7},0.5,${xy(index)}`);
  const place = await folder({ "t.csv": names });
  const [data, model] = [`${place}/t.csv`, `${place}/m.safetensors`];
  await run("train", "--data", data, "--epochs", "1", ...SMALL, "--output", model);
  const right = await run("predict", model, data);
  assertEquals(right.code, 0);
  const piped = async (content: string | Uint8Array, ...args: string[]) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const child = command(["predict", model, "-", ...args], { stdin: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    const fed = writer.write(bytes).then(() => writer.close()).catch(() => {});
    const [{ code, stdout, stderr }] = await Promise.all([child.output(), fed]);
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  };
  assertEquals((await piped(names)).stdout, right.stdout);
  assertEquals((await piped(gzipSync(names))).stdout, right.stdout);
  // One row under names that are numbers: the model knows them.
  const one = await piped("2,1,0\n0.5,0,0\n");
  assertEquals([one.code, one.stdout], [0, right.stdout.split("\n").slice(0, 2).join("\n") + "\n"]);
  const bare = await piped(names.slice(names.indexOf("\n") + 1));
  assertEquals(bare.stdout, right.stdout);
  assertMatch(bare.stderr, /"standard input": it has no header/);
  for (
    const [content, message] of [
      ["", /^error: Cannot read "standard input": it is empty\n$/],
      ["0,1,2\n", /\nerror: Cannot read "standard input": it has no rows of data\n$/],
      ["0,1,3\n1,2,3\n", /error: Cannot use "standard input": .*\n$/],
      ["0,1,2\n1,x,3\n", /error: Cannot read "standard input": line 2, column 2 \("1"\) holds "x"/],
    ] as const
  ) {
    const { code, stdout, stderr } = await piped(content);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, message);
  }
  const rest = 200_000;
  const long = await piped(rows("0,1,2", (index) => `${index % 9},1,0.5`, rest), "--labels");
  assertEquals(long.stdout.split("\n").length, rest + 2);
});
