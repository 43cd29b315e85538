import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Dashboard } from "../src/dashboard/dashboard.ts";
import { inputMap } from "../src/dashboard/inputs.ts";
import { refusal } from "../src/dashboard/guard.ts";
import { MOST_PAGES, Pages } from "../src/dashboard/pages.ts";
import { Story } from "../src/dashboard/story.ts";
import { Thinned } from "../src/dashboard/thinned.ts";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import type { EpochRecord } from "../src/train/records.ts";

const PORT = 8642;
/** What never takes so long is waited for no longer. */
const LONGEST_WAIT_MS = 60_000;

function shown() {
  const data = madelonLike({ samples: 40, testSamples: 10, features: 20, seed: 1 });
  const model = SparseMlp.create({ sizes: [20, 8, 2], epsilon: 4, seed: 1 });
  return { data, model, settings: { seed: 1 }, epochs: 5, epochsDone: 0 };
}

function record(epoch: number): EpochRecord {
  const zero = { learningRate: 0, evolutionSeconds: 0, evaluationSeconds: 0, replaced: 0, pruned: 0 };
  return {
    ...zero,
    epoch,
    trainLoss: 1 / epoch,
    trainAccuracy: NaN,
    parameters: 9,
    connections: 8,
    seconds: 1,
    samplesPerSecond: 40,
  };
}

/** The JSON of the events in a text. */
function events(text: string): { name: string; told: Record<string, unknown> }[] {
  return [...text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)].map(([, name, data]) => ({
    name,
    told: JSON.parse(data),
  }));
}

Deno.test("Dashboard serves its page and tells a late page all epochs, then the end", async () => {
  const run = shown();
  let address = "";
  const dashboard = new Dashboard(0, (found) => address = found);
  await dashboard.start(run);
  for (let epoch = 1; epoch <= 5; epoch++) dashboard.epoch(record(epoch), run.model);
  const page = await fetch(address);
  assertMatch(await page.text(), /<title>truly sparse<\/title>/);
  assertMatch(page.headers.get("content-security-policy")!, /default-src 'none'/);
  assertEquals(page.headers.get("access-control-allow-origin"), null);
  for (const file of ["client.js", "charts.js", "inputs.js", "listen.js", "uPlot.js"]) {
    const answer = await fetch(new URL(file, address));
    assertEquals([answer.status, answer.headers.get("content-type")], [
      200,
      "text/javascript; charset=utf-8",
    ]);
    assert((await answer.text()).length > 300);
  }
  const stream = await fetch(new URL("events", address), { signal: AbortSignal.timeout(LONGEST_WAIT_MS) });
  assertEquals(dashboard.pages, 1, "a page is open once its answer has begun");
  const text = stream.text().catch((cause) => {
    throw new Error(`The page's events have not ended in ${LONGEST_WAIT_MS} ms`, { cause });
  });
  await dashboard.end({ how: "finished" });
  const told = events(await text);
  const epochs = told.flatMap(({ told }) => (told.epochs ?? []) as { epoch: number }[]);
  assertEquals([...new Set(epochs.map(({ epoch }) => epoch))], [1, 2, 3, 4, 5]);
  assertEquals(told[0].name, "story");
  assertEquals((told.at(-1)!.told.ending as { how: string }).how, "finished");
});

Deno.test("Dashboard refuses a port in use with a line that says what helps", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const dashboard = new Dashboard(port, () => {});
  await assertRejects(
    () => dashboard.start(shown()),
    Error,
    `Cannot listen on 127.0.0.1:${port}: the port is in use; --dashboard=0 takes one that is free`,
  );
});

Deno.test("refusal() answers GET of this address to its own pages alone", () => {
  const asked = (headers: Record<string, string>, method = "GET") =>
    refusal(new Request(`http://127.0.0.1:${PORT}/events`, { method, headers }), PORT)?.status;
  const host = `127.0.0.1:${PORT}`;
  assertEquals(asked({ host }), undefined);
  assertEquals(asked({ host: `localhost:${PORT}` }), undefined);
  assertEquals(asked({ host, origin: `http://${host}`, "sec-fetch-site": "same-origin" }), undefined);
  assertEquals(asked({ host, "sec-fetch-site": "none" }), undefined);
  for (const other of ["attacker.example", `attacker.example:${PORT}`, "127.0.0.1", "127.0.0.1:1", ""]) {
    assertEquals(asked({ host: other }), 421, other);
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"]) {
    assertEquals(asked({ host }, method), 405);
  }
  for (const origin of ["http://attacker.example", "null", `http://localhost:${PORT}`]) {
    assertEquals(asked({ host, origin }), 403, origin);
  }
  for (const site of ["cross-site", "same-site"]) assertEquals(asked({ host, "sec-fetch-site": site }), 403);
});

Deno.test("Pages leave a page behind that does not read, and begin anew when it does", async () => {
  const story = new Uint8Array([1]);
  const pages = new Pages(() => story);
  const reader = pages.open()!.getReader();
  const large = new Uint8Array(100_000);
  for (let told = 0; told < 50; told++) pages.tell(large);
  const sizes: number[] = [];
  do sizes.push((await reader.read()).value!.length); while (sizes.length === 1 || sizes.at(-1) !== 1);
  // Few of the fifty waited; then the story came again.
  assert(sizes[0] === 1 && sizes.length <= 6, `${sizes}`);
  await reader.cancel();
  assertEquals(pages.size, 0);
});

Deno.test("Pages refuse more than there is room for, and take another when one is closed", async () => {
  const pages = new Pages(() => new Uint8Array(1));
  const open = Array.from({ length: MOST_PAGES }, () => pages.open()!);
  assertEquals(pages.open(), undefined);
  await open[3].cancel();
  assert(pages.open() !== undefined);
  pages.close();
});

Deno.test("Thinned keeps a bounded list, evenly spread, with the first and the last item", () => {
  const list = new Thinned<number>(8);
  for (let item = 0; item < 1000; item++) list.add(item);
  const items = list.items();
  assert(items.length <= 9);
  assertEquals([items[0], items.at(-1)], [0, 999]);
  const gaps = items.slice(1, -1).map((item, place) => item - items[place]);
  assertEquals(new Set(gaps).size, 1);
});

Deno.test("Story stays small however long the run is", () => {
  const { data, model } = shown();
  const opening = { dataset: data.name, task: data.task, layers: [20, 8, 2], epochs: 1e5, epochsDone: 0 };
  const counts = { trainSamples: 40, testSamples: 10, connections: 8, dense: 176, validated: false };
  const story = new Story({ ...opening, ...counts, settings: {} });
  for (let epoch = 1; epoch <= 20_000; epoch++) {
    story.epoch(record(epoch));
    if (epoch % 100 === 0) story.map(inputMap(model, epoch, undefined, []));
    if (epoch % 10 === 0) story.news();
  }
  assert(story.whole().length < 1_000_000, `${story.whole().length} bytes`);
});

Deno.test("inputMap() sums channels of images, and lists the strongest columns of tables", () => {
  const model = SparseMlp.create({ sizes: [12, 6, 2], epsilon: 20, seed: 1 });
  const [layer] = model.layers;
  for (let input = 0; input < 12; input++) {
    layer.values.fill(0, layer.indptr[input], layer.indptr[input + 1]);
    layer.values[layer.indptr[input]] = -input;
  }
  const image = inputMap(model, 3, { width: 2, height: 2, channels: 3 }, []);
  // Pixels 0 to 3 of the three channels: 0+4+8, 1+5+9, 2+6+10, 3+7+11.
  assertEquals(
    [...Uint8Array.fromBase64(image.pixels!)],
    [12, 15, 18, 21].map((sum) => Math.round(255 * sum / 21)),
  );
  assertEquals([image.epoch, image.connected, image.inputs, image.most], [3, 11, 12, 21]);
  const table = inputMap(model, 3, undefined, Array.from({ length: 12 }, (_, input) => `column ${input}`));
  assertEquals(table.columns!.slice(0, 2), [["column 11", 11], ["column 10", 10]]);
});
