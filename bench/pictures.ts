/**
 * Pictures of the README: what the inputs are connected to on Fashion-MNIST, before training and after, and the dashboard
 * in the middle of a run, as Chromium shows it.
 *
 *     deno run -A bench/pictures.ts [--epochs 30] [--data-dir FOLDER]
 *
 * writes `docs/inputs-before.svg`, `docs/inputs-after.svg` and `docs/dashboard.png`.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { chromium } from "npm:playwright-core@1.65.1";
import { type Dataset, datasets, SparseMlp, train } from "../mod.ts";
import { Dashboard } from "../src/dashboard/dashboard.ts";
import { heatMap } from "../src/figures/heat_map.ts";
import { inputStrength } from "../src/sparse/strength.ts";

const DOCS = new URL("../docs/", import.meta.url);
/** The run's settings are the paper's. */
const SETTINGS = { batchSize: 128, learningRate: 0.01, dropout: 0.3, weightDecay: 0.0002, zeta: 0.3 };

const given = parseArgs(Deno.args, { string: ["epochs", "data-dir"], boolean: [] });
const epochs = Number(given.epochs ?? 30);
const dataDir = given["data-dir"];
const data = await datasets.load("fashion-mnist", {
  ...(dataDir !== undefined && { dataDir: String(dataDir) }),
});
const hidden = [1000, 1000, 1000];
const model = SparseMlp.for(data, {
  hidden,
  epsilon: 20,
  activation: { kind: "all-relu", alpha: 0.6 },
  seed: 1,
});

const before = inputStrength(model.layers[0]);
await watch(data, model);
const after = inputStrength(model.layers[0]);
const most = Math.max(...after);
const { width, height } = data.image!;
const draw = async (when: string, strength: Float32Array) => {
  const label = `Strength of the connections of each pixel of Fashion-MNIST, ${when}`;
  const picture = await heatMap(label, strength, { width, height, title: when, most });
  await Deno.writeTextFile(new URL(`inputs-${when.split(" ")[0]}.svg`, DOCS), picture);
};
await draw("before training", before);
await draw(`after ${epochs} epochs`, after);
Deno.exit(0);

/** Trains, and takes the dashboard's picture when the last epoch but one is done. */
async function watch(data: Dataset, model: SparseMlp): Promise<void> {
  let address = "";
  const dashboard = new Dashboard(0, (found) => address = found);
  await dashboard.start({ data, model, settings: SETTINGS, epochs, epochsDone: 0 });
  const executablePath = "/usr/bin/chromium";
  await using browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
  await page.goto(address);
  const onProgress = dashboard.progress.bind(dashboard);
  for await (const record of train(model, data, { ...SETTINGS, epochs, seed: 1, onProgress })) {
    dashboard.epoch(record, model);
    if (record.epoch !== epochs - 1) continue;
    // Between two epochs the run is in its own hands: the page has the time to draw.
    await page.locator("#status", { hasText: /^Training: ([1-9])/ }).waitFor();
    await page.screenshot({ path: decodeURIComponent(new URL("dashboard.png", DOCS).pathname) });
  }
  await dashboard.end({ how: "finished" });
}
