import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { madeUpData } from "../bench/made_up.ts";
import { timelinePicture } from "../bench/timeline/picture.ts";
import { recordTraining, type TimelineRecord, windowOf } from "../bench/timeline/record.ts";
import { ALGORITHMS, filesOf, pictureOf } from "../bench/timeline/run.ts";
import { labelsWithSpans, spansOf, SpanWriter } from "../bench/timeline/spans.ts";

Deno.test("docs/figures/timeline-*.svg are the pictures of the records that are committed", async () => {
  for (const algorithm of ALGORITHMS) {
    const files = filesOf(algorithm);
    const record: TimelineRecord = JSON.parse(await Deno.readTextFile(files.record));
    assertEquals(record.algorithm, algorithm);
    assertEquals(await pictureOf(record), await Deno.readTextFile(files.picture), `draw ${algorithm} anew`);
    for (const { rows } of record.windows) {
      assertEquals(rows.map(({ name }) => name), ["engine", "worker 1", "worker 2"]);
      const spans = rows.flatMap(({ spans }) => spans);
      assert(spans.every(([, begin, end]) => record.from <= begin && begin < end && end <= record.to));
    }
  }
});

Deno.test("SpanWriter leaves spans behind the labels, apart for each worker, and labels as they are", () => {
  const labels = labelsWithSpans(new Uint32Array([3, 1, 2]), 2);
  new SpanWriter(labels, 0).add("gradient", 1, 2);
  const second = new SpanWriter(labels, 1);
  second.add("push", 3, 4.5);
  second.add("wait", 5, 6);
  assertEquals([...labels], [3, 1, 2]);
  assertEquals(spansOf(labels, 0), [{ activity: "gradient", begin: 1, end: 2 }]);
  assertEquals(spansOf(labels, 1).map(({ activity }) => activity), ["push", "wait"]);
  assertThrows(
    () => {
      for (let span = 0; span < 1e6; span++) second.add("wait", 0, 1);
    },
    RangeError,
    "Cannot record more than",
  );
});

Deno.test("windowOf() cuts what reaches beyond the window, and leaves out what is outside", () => {
  const span = (activity: "step" | "average", begin: number, end: number) => ({ activity, begin, end });
  const recorded = {
    workers: [[span("step", 80, 95), span("step", 95, 101.23456), span("step", 120, 130)]],
    engine: [span("average", 105, 200)],
    ends: [],
  };
  const { rows } = windowOf(recorded, "here", 100, [-4, 10]);
  assertEquals(rows, [
    { name: "engine", spans: [["average", 5, 10]] },
    { name: "worker 1", spans: [["step", -4, 1.235]] },
  ]);
});

Deno.test("timelinePicture() has a bar for each span, a title for each window, and a key of what is there", async () => {
  const record: TimelineRecord = {
    ...{ algorithm: "gossip", what: "", command: "", host: "", date: "", others: 0, from: -1, to: 2 },
    windows: [{
      title: "an <epoch> ends",
      rows: [{ name: "worker 1", spans: [["step", 0, 1], ["wait", 1, 2]] }],
    }],
  };
  const picture = await timelinePicture(record);
  assertEquals(picture.match(/<rect/g)?.length, 1, "waiting is a line");
  assertStringIncludes(picture, "an &lt;epoch&gt; ends");
  assertStringIncludes(picture, "step on its own model");
  assert(!picture.includes("gradient"), "not in this record");
});

Deno.test("recordTraining() notes what Workers do in each algorithm, one thing after the other", async () => {
  const sizes = [20, 32, 2];
  const expected = {
    wasap: ["gradient", "push", "pull", "step", "change"],
    wassp: ["gradient", "round", "pull", "step", "change"],
    gossip: ["step", "pairAverage", "topologyOut", "change"],
  };
  for (const algorithm of ALGORITHMS) {
    const gossip = algorithm === "gossip";
    const phases = gossip ? { localSteps: 2 } : { phaseOneFraction: 0.5 };
    const options = { algorithm, workers: 2, threads: 2, epochs: 4, batchSize: 16, ...phases };
    const found = await recordTraining({ sizes, epsilon: 8 }, madeUpData(sizes, 320, 32), options);
    const activities = found.workers.flat().map(({ activity }) => activity);
    for (const activity of expected[algorithm]) {
      assert(activities.some((one) => one === activity), `${algorithm}: ${activity}`);
    }
    for (const spans of found.workers) {
      // A clock of another thread may be a few microseconds off, one thread's is not.
      spans.forEach(({ begin, end }, place) => assert(begin <= end && (spans[place - 1]?.end ?? 0) <= begin));
    }
    assertEquals(found.ends.length, 4);
    const between = found.engine.map(({ activity }) => activity);
    assertEquals(between.filter((activity) => activity === "evaluation").length, 4);
    assertEquals(between.filter((activity) => activity === "average").length, gossip ? 4 : 2);
  }
});
