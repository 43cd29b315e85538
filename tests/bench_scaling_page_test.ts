import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { againstMpi } from "../bench/scaling/against_mpi.ts";
import { pageTables, type ScalingRecord, withTables } from "../bench/scaling/page.ts";

const ROOT = new URL("../", import.meta.url);
const RECORD: ScalingRecord = JSON.parse(
  Deno.readTextFileSync(new URL("bench/results/2026-11-27-scaling.json", ROOT)),
);

/** Without what `deno fmt` changes: where lines break, and how wide cells are. */
function words(text: string): string {
  return text.replaceAll(/-{3,}/g, "---").replaceAll(/\s+/g, " ");
}

Deno.test("docs/scaling.md has the tables of the record that is committed", async () => {
  const page = await Deno.readTextFile(new URL("docs/scaling.md", ROOT));
  assertEquals(words(withTables(page, pageTables(RECORD))), words(page), "write it anew with --page");
});

Deno.test("withTables() replaces what stands between marks, and says which are missing", () => {
  const page = "a\n<!-- one -->\n\nold\n\n<!-- /one -->\nb";
  assertEquals(withTables(page, { one: "| new |" }), page.replace("old", "| new |"));
  assertThrows(() => withTables(page, { two: "" }), SyntaxError, 'no marks "<!-- two -->"');
});

Deno.test("pageTables() has every comparison of 64 workers, over one process and over one worker by one ratio", () => {
  const { compared } = RECORD.results[0].tables[1];
  const table = pageTables(RECORD).compared;
  for (const { what } of compared) assertStringIncludes(table, `| ${what} |`);
  const ratios = compared.map(({ overProcess, overWorker }) => overWorker / overProcess);
  for (const ratio of ratios) assertEquals(ratio.toFixed(2), ratios[0].toFixed(2));
});

Deno.test("againstMpi() simulates the jobs that it knows: a link that is full lets two servers through twice as much", () => {
  const names = ["1 server, 4 workers", "2 servers, 4 workers", "1 server, 4 workers, 16 bits", "sequential"];
  const systems = names.map((name) => ({ name, samplesPerSecond: 1280 }));
  const found = againstMpi({ results: [{ rate: "100mbit", systems }] }, RECORD.results[0]);
  assertEquals(found.map(({ name, real }) => [name, real]), names.slice(0, 3).map((name) => [name, 10]));
  const [one, two, half] = found.map(({ simulated }) => simulated);
  assertEquals([(two / one).toFixed(1), (half / one).toFixed(1)], ["2.0", "2.0"]);
  assertThrows(() => againstMpi({ results: [{ rate: "fast", systems }] }, RECORD.results[0]), SyntaxError);
});
