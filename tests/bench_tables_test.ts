import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { tablesSvg } from "../bench/tables/plot.ts";
import { markdown, OURS, parseScore, points, type Row, summarise, told } from "../bench/tables/score.ts";

/** A table of 100 × 4 with one score a system, in points. */
function row(table: string, classes: number, byPoints: Readonly<Record<string, number>>): Row {
  const scores = Object.fromEntries(
    Object.entries(byPoints).map(([system, value]) => [system, { table, scores: [value / 100], seconds: 2 }]),
  );
  const task = classes > 0 ? "classification" : "regression";
  return { table: { table, task, rows: 100, columns: 4, classes }, scores };
}

const ROWS = [
  row("a", 3, { [OURS]: 90, linear: 92, mlp: 80, forest: 85 }),
  row("b", 0, { [OURS]: 70, linear: 10, mlp: -300, forest: 71 }),
  row("c", 2, { [OURS]: 50, linear: 99, mlp: 99 }),
];

Deno.test("points() is the mean over the folds", () => {
  assertAlmostEquals(points({ table: "a", scores: [0.5, 1], seconds: 1 }), 75);
});

Deno.test("summarise() compares where all were scored, and counts an R² below 0 as 0", () => {
  const { tables, means, best, aheadOfMlp, aheadOfBest } = summarise(ROWS);
  assertEquals(tables, 2);
  assertEquals(means, { [OURS]: 80, linear: 51, mlp: 40, forest: 78 });
  assertEquals([best, aheadOfMlp, aheadOfBest], [81.5, 40, -1.5]);
});

Deno.test("parseScore() refuses a line without finite scores", () => {
  assertEquals(parseScore('{"table":"a","scores":[0.5],"seconds":1}').scores, [0.5]);
  assertThrows(() => parseScore('{"table":"a","scores":[null],"seconds":1}'), SyntaxError, "finite numbers");
  assertThrows(() => parseScore('{"table":"a","scores":[],"seconds":1}'), SyntaxError, "finite numbers");
  assertThrows(() => parseScore("Traceback"), SyntaxError);
});

Deno.test("markdown() has a row a table, and a dash where a system has no score", () => {
  assertEquals(markdown(ROWS.slice(1), [OURS, "mlp", "forest"]).split("\n"), [
    `| table | rows × columns | classes | ${OURS} | mlp | forest | s a training |`,
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    "| b | 100 × 4 | R² | 70.0 | -300.0 | 71.0 | 2.00 |",
    "| c | 100 × 4 | 2 | 50.0 | 99.0 | – | 2.00 |",
  ]);
});

Deno.test("told() shows both bars, or that nothing can be compared", () => {
  const lines = told(summarise(ROWS)).split("\n");
  assertEquals(lines[1], `${OURS} against mlp: +40.00 points (bar +2)`);
  assertEquals(lines[2], `${OURS} against the best on each table: −1.50 points (bar −1)`);
  assertEquals(told(summarise(ROWS.slice(2))), `No table was scored by all of ${OURS}, linear, mlp, forest`);
});

Deno.test("tablesSvg() puts small tables first, those ahead above, and scores below 40 at the edge", () => {
  const document = tablesSvg([
    row("behind", 0, { [OURS]: 50, linear: 92, mlp: -3, forest: 85 }),
    row("ahead", 2, { [OURS]: 100, linear: 70, mlp: 70, forest: 70 }),
    row("not scored", 2, { [OURS]: 100, linear: 70 }),
  ]);
  const names = [...document.matchAll(/text-anchor="end">([^<]+) </g)].map(([, name]) => name);
  assertEquals(names, ["ahead", "behind, R²"]);
  // Axis: x from 190 to 444 for 40 to 100 points; rows 19 high from y = 40.
  assert(document.includes('<circle cx="444" cy="49.5" r="4.5" fill="#1f6feb"'), document);
  assert(document.includes('<path d="M185.5 68.5l4.5-4.5 4.5 4.5-4.5 4.5z" fill="none"'), document);
});

Deno.test("docs/tables.svg is what the newest result draws", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", new URL("../bench/tables/plot.ts", import.meta.url).pathname],
  }).output();
  const drawn = new TextDecoder().decode(stdout);
  assertEquals(drawn, await Deno.readTextFile(new URL("../docs/tables.svg", import.meta.url)));
});
