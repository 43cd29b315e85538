/**
 * What the dashboard costs a run: Fashion-MNIST's network on one thread, with no dashboard, with one page open and with a
 * hundred, by turns; the least of several samples of each.
 *
 * Pages are event streams that another process reads, on the other core where there is one. Beside the time on the wall
 * there is the processor time of the run's own process: what others take of the machine does not count in it, and what
 * the server does for its pages does.
 *
 *     deno run -A bench/dashboard.ts [--samples 6] [--pages 0,1,100] [--json]
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import process from "node:process";
import { SparseMlp, train } from "../mod.ts";
import { Dashboard } from "../src/dashboard/dashboard.ts";
import { madeUpData } from "./made_up.ts";
import { processor } from "./processor.ts";

/** Epochs of a sample: some seconds, so that each has as many messages as a run has. */
const EPOCHS = 2;
const SIZES = [784, 1000, 1000, 1000, 10];

if (Deno.args[0] === "read") {
  // The process of the pages: reads streams until they end.
  const [, address, count] = Deno.args;
  const read = async () => {
    const { body } = await fetch(new URL("events", address));
    for await (const _ of body!);
  };
  await Promise.all(Array.from({ length: Number(count) }, read));
  Deno.exit(0);
}

const given = parseArgs(Deno.args, { string: ["samples", "pages"], boolean: ["json"] });
const samples = Number(given.samples ?? 6);
const counts = String(given.pages ?? "0,1,100").split(",").map(Number);
const data = madeUpData(SIZES, 60_000, 0);
const model = SparseMlp.create({ sizes: SIZES, epsilon: 20, seed: 1 });

/** Milliseconds of a step of training with so many pages open. */
async function sample(count: number): Promise<{ wallMs: number; processorMs: number }> {
  let address = "";
  const dashboard = new Dashboard(0, (found) => address = found);
  const run = { data, model, settings: {}, epochs: EPOCHS, epochsDone: 0 };
  let reader: Deno.ChildProcess | undefined;
  if (count > 0) {
    await dashboard.start(run);
    const args = ["run", "-A", import.meta.filename!, "read", address, String(count)];
    reader = new Deno.Command(Deno.execPath(), { args }).spawn();
    while (dashboard.pages < count) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const steps = EPOCHS * Math.ceil(60_000 / 128);
  const [began, used] = [performance.now(), process.cpuUsage()];
  const options = { epochs: EPOCHS, batchSize: 128, dropout: 0.3, threads: 1, evaluateEvery: EPOCHS };
  const onProgress = count > 0 ? dashboard.progress.bind(dashboard) : () => {};
  for await (const record of train(model, data, { ...options, onProgress })) {
    if (count > 0) dashboard.epoch(record, model);
  }
  const { user, system } = process.cpuUsage(used);
  const wallMs = (performance.now() - began) / steps;
  if (count > 0) await dashboard.end({ how: "finished" });
  await reader?.status;
  return { wallMs, processorMs: (user + system) / 1000 / steps };
}

const found = new Map(counts.map((count) => [count, { wallMs: Infinity, processorMs: Infinity }]));
for (let round = 0; round <= samples; round++) {
  for (const count of counts) {
    const { wallMs, processorMs } = await sample(count);
    const least = found.get(count)!;
    // The first round makes the code warm.
    if (round === 0) continue;
    least.wallMs = Math.min(least.wallMs, wallMs);
    least.processorMs = Math.min(least.processorMs, processorMs);
  }
}
const without = found.get(counts[0])!;
const rows = counts.map((count) => {
  const { wallMs, processorMs } = found.get(count)!;
  const share = (ms: number, base: number) => `${(100 * (ms / base - 1)).toFixed(2)} %`;
  return {
    pages: count,
    wallMs: Number(wallMs.toFixed(4)),
    wallCost: share(wallMs, without.wallMs),
    processorMs: Number(processorMs.toFixed(4)),
    processorCost: share(processorMs, without.processorMs),
  };
});
if (given.json) console.log(JSON.stringify({ processor: processor(), samples, rows }));
else {
  console.log(processor());
  console.table(rows);
}
Deno.exit(0);
