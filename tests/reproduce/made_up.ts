/** A record of a row that was never run. */
import type { RunRecord } from "../../bench/reproduce/record.ts";

/** A record of three epochs, which may differ in what is given. */
export function record(row: string, given: Partial<RunRecord> = {}): RunRecord {
  return {
    row,
    command: "deno task train",
    seed: 1,
    date: "2026-01-02",
    commit: "abc",
    processor: "none",
    samples: [2000, 600],
    seconds: 60,
    parametersStart: 20_000,
    parametersEnd: 20_000,
    testAccuracy: [0.5, 0.75, 0.625],
    connections: [9, 8, 7],
    ...given,
  };
}
