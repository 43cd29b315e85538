import { assertEquals, assertThrows } from "@std/assert";
import { checkAgreement, type Measurement, parseMeasurement, summarise } from "../bench/peers/measurement.ts";
import { formatTable, markdown } from "../bench/peers/table.ts";

function measurement(
  system: string,
  samplesMs: number[],
  checkLosses: Measurement["checkLosses"],
): Measurement {
  return {
    system,
    version: "1.0.0",
    threads: 1,
    network: "4-3-2",
    epsilon: 20,
    batch: 8,
    dropout: 0,
    connections: 18,
    medianMs: samplesMs[0],
    minMs: samplesMs[0],
    maxMs: samplesMs[0],
    samplesMs,
    stepsPerSample: 1,
    checkLosses,
  };
}

Deno.test("summarise() takes median and range over the samples of all rounds", () => {
  const timing = summarise([measurement("a", [4, 10], null), measurement("a", [2, 3], null)]);
  assertEquals(timing, { medianMs: 3.5, minMs: 2, maxMs: 10, samplesMs: [4, 10, 2, 3] });
});

Deno.test("checkAgreement() accepts rounding and ignores systems without losses", () => {
  checkAgreement([
    measurement("ours", [1], null),
    measurement("a", [1], [2.3, 1.5]),
    measurement("b", [1], [2.30001, 1.50001]),
  ]);
});

Deno.test("checkAgreement() refuses a system that trained on something else", () => {
  assertThrows(
    () => checkAgreement([measurement("a", [1], [2.3, 1.5]), measurement("b", [1], [2.3, 1.6])]),
    Error,
    'Cannot compare "b" with "a"',
  );
});

Deno.test("parseMeasurement() refuses a line without samples", () => {
  assertThrows(() => parseMeasurement('{"system":"a","samplesMs":[]}'), SyntaxError, "samplesMs");
  assertThrows(() => parseMeasurement("Traceback"), SyntaxError);
});

Deno.test("formatTable() shows ratios to ours and the notes of what was left out", () => {
  const text = formatTable([
    { system: "truly-sparse", timings: { 1: { medianMs: 2, minMs: 1.9, maxMs: 2.5, samplesMs: [2] } } },
    { system: "known", timings: { 1: { medianMs: 60, minMs: 60, maxMs: 60, samplesMs: [] } } },
    { system: "absent", timings: {}, note: "skipped: no wheel" },
  ], [1]);
  assertEquals(text.split("\n"), [
    "system        ms a step, 1 thread  × ours, 1 thread",
    "────────────  ───────────────────  ────────────────",
    "truly-sparse  2.00 (1.90–2.50)     1.00",
    "known         60.0                 30.0",
    "absent        –                    –",
    "absent: skipped: no wheel",
  ]);
});

Deno.test("markdown() sets instruction sets beside each other, with ratios to ours on each", () => {
  const row = (system: string, minMs: number, medianMs: number) => ({
    system,
    timings: { 1: { medianMs, minMs, maxMs: medianMs, samplesMs: [minMs, medianMs] } },
  });
  const text = markdown([
    { name: "AVX-512", rows: [row("truly-sparse", 1, 2), row("peer", 4, 10)] },
    { name: "AVX2", rows: [row("truly-sparse", 2, 3), { system: "peer", timings: {} }] },
  ], 1);
  assertEquals(text.split("\n").slice(2), [
    "| truly-sparse | 1.00 / 2.00 | 1.00 / 1.00 | 2.00 / 3.00 | 1.00 / 1.00 |",
    "| peer | 4.00 / 10.0 | 4.00 / 5.00 | – | – |",
  ]);
});

Deno.test("checkAgreement() compares systems of the same density only", () => {
  const dense = { ...measurement("dense", [1], [2.3, 2.2]), epsilon: 1e9 };
  checkAgreement([measurement("a", [1], [2.3, 1.5]), dense]);
});
