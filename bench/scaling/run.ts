/**
 * How far each parallel algorithm goes: measures the costs of this machine, checks the simulations against real runs with
 * one worker and two, then simulates up to 1024 workers over several networks. About four minutes.
 *
 *     deno run -A bench/scaling/run.ts [RESULT.json [NETWORK]]   # prints the tables, writes the record
 *     deno run -A bench/scaling/run.ts --page RESULT.json        # writes the tables of docs/scaling.md
 *
 * With the sizes of one network it measures that one alone, and leaves what the file has of others.
 *
 * @module
 */
import { describeProcessor, processor } from "../processor.ts";
import { measureAndCheck } from "./check.ts";
import { pageTables, type Result, type ScalingRecord, withTables } from "./page.ts";
import { tables } from "./tables.ts";

/** Networks, with the steps of an epoch of their data. */
const SUBJECTS: Readonly<
  Record<string, { readonly sizes: readonly number[]; readonly epsilon: number; readonly steps: number }>
> = {
  "784-1000-1000-1000-10": { sizes: [784, 1000, 1000, 1000, 10], epsilon: 20, steps: 469 },
  "3072-4000-1000-4000-10": { sizes: [3072, 4000, 1000, 4000, 10], epsilon: 20, steps: 391 },
};

const PAGE = new URL("../../docs/scaling.md", import.meta.url);

if (Deno.args[0] === "--page") {
  const record: ScalingRecord = JSON.parse(await Deno.readTextFile(Deno.args[1]));
  await Deno.writeTextFile(PAGE, withTables(await Deno.readTextFile(PAGE), pageTables(record)));
  console.log("docs/scaling.md has the tables; `deno fmt docs/scaling.md` aligns them");
} else await measure(...Deno.args);

async function measure(path?: string, only?: string): Promise<void> {
  const results = await earlier(path, only);
  for (const [network, { sizes, epsilon, steps }] of Object.entries(SUBJECTS)) {
    if (only !== undefined && only !== network) continue;
    const measured = await measureAndCheck({ sizes, epsilon }, steps);
    results.set(network, { network, epsilon, ...measured, tables: tables(measured) });
    const disturbed = measured.others.map((part) => `${(100 * part).toFixed(0)} %`).join(", ");
    console.log(
      `${network}: ${measured.others.length} rounds count, in which others took ${disturbed} of the machine; ` +
        `${measured.disturbed} do not`,
    );
  }
  const record: ScalingRecord = {
    command: "bench/scaling/run.ts",
    host: describeProcessor(processor()),
    date: new Date().toISOString().slice(0, 10),
    results: [...results.values()],
  };
  for (const [name, table] of Object.entries(pageTables(record))) console.log(`\n${name}\n${table}`);
  if (path === undefined) return;
  await Deno.writeTextFile(path, `${JSON.stringify(record, rounded)}\n`);
}

/** Numbers of a record: five digits say all there is to say. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

/** What the file has of networks that are not measured now. */
async function earlier(path?: string, only?: string): Promise<Map<string, Result>> {
  if (path === undefined || only === undefined) return new Map();
  const text = await Deno.readTextFile(path).catch(() => '{"results":[]}');
  const found: Pick<ScalingRecord, "results"> = JSON.parse(text);
  return new Map(found.results.map((result) => [result.network, result]));
}
