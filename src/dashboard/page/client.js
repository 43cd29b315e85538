/** Listens to the run, and shows it. */
import { Chart } from "./charts.js";
import { Inputs } from "./inputs.js";
import { listen } from "./listen.js";

const element = (id) => document.getElementById(id);
const COLOURS = ["blue", "orange", "green", "purple", "red", "soft"];
/** Rows of the table of epochs. */
const ROWS = 100;

const percent = (share) => `${(100 * share).toFixed(2)} %`;
const roundPercent = (share) => `${Number((100 * share).toPrecision(3))} %`;
const short = (value) => Number(value.toPrecision(4)).toString();
const count = (value) =>
  value >= 1e6
    ? `${Number((value / 1e6).toPrecision(4))} M`
    : value >= 1e4
    ? `${Number((value / 1e3).toPrecision(4))} k`
    : String(Math.round(value));

function span(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

const inputs = new Inputs();
let opening;
let [epochs, points, standing, ending] = [[], [], undefined, undefined];
let charts;

function begin(told) {
  ({ opening } = told);
  [epochs, points, standing, ending] = [[], [], undefined, undefined];
  const { dataset, layers, image } = opening;
  document.title = `${dataset} · truly sparse`;
  element("title").textContent = dataset;
  element("network").textContent =
    `${layers.join(" – ")} neurons, ${count(opening.trainSamples)} training samples` +
    (opening.testSamples > 0 ? `, ${count(opening.testSamples)} to test` : "");
  const settings = Object.entries(opening.settings).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  fill(element("settings"), ["option", "value"], settings);
  inputs.begin(image);
  charts ??= makeCharts();
}

function makeCharts() {
  const { task, metric } = opening;
  const named = metric !== undefined && metric !== "accuracy" && metric !== "loss";
  const scored = task === "classification" || (named && opening.validated);
  element("score-section").hidden = !scored;
  if (scored && task !== "classification") element("score-title").textContent = metric;
  const { validated, testSamples } = opening;
  const parts = (training, validation, test) => [
    { name: "training", as: "blue", of: training },
    ...(validated ? [{ name: "validation", as: "orange", of: validation }] : []),
    ...(testSamples > 0 ? [{ name: "test", as: "green", of: test }] : []),
  ];
  const scores = [
    ...(task === "classification" ? parts("trainAccuracy", "validationAccuracy", "testAccuracy") : []),
    ...(named ? [{ name: `validation ${metric}`, as: "purple", of: "validationScore" }] : []),
  ];
  const lines = [
    { name: "step", as: "soft", dots: true, faint: true },
    ...parts("trainLoss", "validationLoss", "testLoss"),
  ];
  return {
    loss: new Chart("loss", "Loss", lines, short),
    score: scored && new Chart("score", "Score", scores, task === "classification" ? roundPercent : short),
    density: new Chart("density", "Connections", [{ name: "connections", as: "blue" }], count),
    speed: new Chart("speed", "Samples a second", [{ name: "samples a second", as: "blue" }], count),
    of: { lines, scores },
  };
}

function take({ epochs: newEpochs = [], points: newPoints = [], maps = [], ...told }) {
  for (const record of newEpochs) {
    if (epochs.length === 0 || record.epoch > epochs.at(-1).epoch) epochs.push(record);
    else if (record.epoch === epochs.at(-1).epoch) epochs[epochs.length - 1] = record;
  }
  for (const point of newPoints) if (points.length === 0 || point[0] > points.at(-1)[0]) points.push(point);
  standing = told.standing ?? standing;
  ending = told.ending ?? ending;
  inputs.add(maps);
}

function draw() {
  drawCharts();
  drawFigures();
  drawStatus();
  drawWorkers();
  drawTable();
}

function drawCharts() {
  const x = epochs.map(({ epoch }) => epoch);
  const of = (name) => epochs.map((record) => record[name] ?? null);
  const { lines, scores } = charts.of;
  const steps = [points.map(([at]) => at), points.map(([, loss]) => loss)];
  const [, ...curves] = lines;
  charts.loss.show(uPlot.join([steps, [x, ...curves.map(({ of: name }) => of(name))]]));
  if (charts.score) charts.score.show([x, ...scores.map(({ of: name }) => of(name))]);
  charts.density.show([[opening.epochsDone, ...x], [opening.connections, ...of("connections")]]);
  charts.speed.show([x, of("samplesPerSecond")]);
}

function drawFigures() {
  const last = epochs.at(-1);
  const { epochs: all, epochsDone, dense } = opening;
  const connections = last?.connections ?? opening.connections;
  const loss = standing?.loss ?? last?.trainLoss;
  const test = last?.testAccuracy ?? last?.validationAccuracy ?? standing?.accuracy ?? last?.trainAccuracy;
  const part = last?.testAccuracy !== undefined
    ? "Test"
    : last?.validationAccuracy !== undefined
    ? "Validation"
    : "Training";
  const best = Math.max(...epochs.map(({ testAccuracy }) => testAccuracy ?? -1));
  const rate = standing?.samplesPerSecond ?? last?.samplesPerSecond;
  const done = reached() - epochsDone;
  const left = standing && done > 0 ? standing.elapsed * (all - reached()) / done : undefined;
  const rows = [
    ["Training loss", loss === undefined || loss === null ? "–" : short(loss)],
    ...(typeof test === "number" ? [[`${part} accuracy`, percent(test)]] : []),
    ...(typeof test !== "number" && typeof last?.testLoss === "number"
      ? [["Test loss", short(last.testLoss)]]
      : []),
    ...(best > 0 ? [["Best test accuracy", percent(best)]] : []),
    ["Samples a second", typeof rate === "number" ? count(rate) : "–"],
    ["Connections", count(connections)],
    ["Density", percent(connections / dense)],
    ending === undefined
      ? ["Time left", left === undefined ? "–" : span(left)]
      : ["Time", span(ending.elapsed)],
  ];
  element("figures").replaceChildren(...rows.map(([name, value]) => {
    const box = document.createElement("div");
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, text.textContent] = [name, value];
    box.append(term, text);
    return box;
  }));
}

/** Epochs done, with the fraction of the one that goes on. */
function reached() {
  const last = epochs.at(-1)?.epoch ?? opening.epochsDone;
  return standing === undefined ? last : Math.max(last, standing.epoch - 1 + standing.step / standing.steps);
}

function drawStatus() {
  const { epochs: all, epochsDone } = opening;
  element("done").value = ending?.how === "finished" ? 1 : reached() / all;
  const last = epochs.at(-1)?.epoch ?? epochsDone;
  if (ending === undefined) state("running", `Training: ${last} of ${all} epochs done`);
  else {
    const message = ending.message === undefined ? "" : `: ${ending.message}`;
    state(
      ending.how === "failed" ? "failed" : "ended",
      `Ended (${ending.how}) after ${last} of ${all} epochs${message}`,
    );
  }
}

/** Says where things stand; a text that stays is not said again. */
function state(name, text) {
  const status = element("status");
  status.dataset.state = name;
  if (status.textContent !== text) status.textContent = text;
}

function drawWorkers() {
  const told = epochs.filter(({ parallel }) => parallel !== undefined);
  const last = told.at(-1);
  element("workers-section").hidden = last === undefined;
  if (last === undefined) return;
  const { phase, workers, idleSeconds, workerStaleness = [], largestStaleness } = last.parallel;
  const share = (record, worker) => {
    const { idleSeconds: idle } = record.parallel;
    return Math.min(1, idle[worker] / (record.seconds || 1));
  };
  element("workers-text").textContent = phase === 1
    ? `Phase 1, epoch ${last.epoch}: one model, updated by all; at most ${largestStaleness} updates came between a pull and its push.`
    : `Phase 2, epoch ${last.epoch}: each worker trains a model of its own, which are averaged.`;
  const rows = idleSeconds.map((_, worker) => [
    String(worker + 1),
    phase === 1 && typeof workerStaleness[worker] === "number" ? workerStaleness[worker].toFixed(2) : "–",
    percent(share(last, worker)),
  ]);
  element("workers").replaceChildren(...rows.map((row) => cells(row, "th")));
  const lines = Array.from({ length: workers }, (_, worker) => ({
    name: `worker ${worker + 1}`,
    as: COLOURS[worker % COLOURS.length],
  }));
  charts.idle ??= new Chart("idle", "Share of the epoch each worker waited", lines, roundPercent);
  charts.idle.show([
    told.map(({ epoch }) => epoch),
    ...lines.map((_, worker) => told.map((record) => share(record, worker))),
  ]);
}

function cells(row, first = "td") {
  const line = document.createElement("tr");
  line.append(...row.map((text, place) => {
    const cell = document.createElement(place === 0 ? first : "td");
    if (place === 0 && first === "th") cell.scope = "row";
    cell.textContent = text;
    return cell;
  }));
  return line;
}

function fill(table, head, rows) {
  const top = document.createElement("thead");
  top.append(cells(head));
  const body = document.createElement("tbody");
  body.append(...rows.map((row) => cells(row)));
  table.replaceChildren(top, body);
}

function drawTable() {
  if (!element("epochs").closest("details").open) return;
  const columns = [
    ["epoch", "epoch", String],
    ["training loss", "trainLoss", short],
    ["training accuracy", "trainAccuracy", percent],
    ["validation loss", "validationLoss", short],
    ["validation accuracy", "validationAccuracy", percent],
    ["test loss", "testLoss", short],
    ["test accuracy", "testAccuracy", percent],
    ["connections", "connections", count],
    ["replaced", "replaced", count],
    ["pruned", "pruned", count],
    ["samples a second", "samplesPerSecond", count],
  ].filter(([, name]) => epochs.some((record) => typeof record[name] === "number"));
  const rows = epochs.slice(-ROWS).reverse().map((record) =>
    columns.map(([, name, format]) => typeof record[name] === "number" ? format(record[name]) : "")
  );
  fill(element("epochs"), columns.map(([title]) => title), rows);
}

let asked = false;
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

/** Takes an event of the run; what comes after its end is another's. */
function hear(name, data) {
  if (ending !== undefined) return;
  if (name === "error") return state("lost", "The run cannot be reached; what it last told is shown");
  const told = JSON.parse(data);
  if (name === "story") begin(told);
  take(told);
  if (ending !== undefined) stop();
  redraw();
}

const stop = listen(hear);
element("epochs").closest("details").addEventListener("toggle", () => opening && drawTable());
