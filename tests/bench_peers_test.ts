import { assertEquals, assertThrows } from "@std/assert";
import { checkAgreement, type Measurement, parseMeasurement, summarise } from "../bench/peers/measurement.ts";
import { formatTable } from "../bench/peers/table.ts";

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
