/**
 * The networks of Table 4: timed by `bench/scale.ts`, whose results are the records.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Extreme } from "./plan.ts";
import { FRACTION, type NumberKind, problem, SECONDS, SOME } from "./record.ts";

/** What is read of a result of `bench/scale.ts`. */
export interface ExtremeRecord {
  readonly date: string;
  readonly command: string;
  readonly connections: number;
  readonly initSeconds: number;
  readonly epochSeconds: number;
  readonly evolutionSeconds: number;
  readonly inferenceSamples: number;
  readonly inferenceSeconds: number;
  readonly testAccuracy: number;
  readonly peakRssBytes: number;
}

const NUMBERS: Readonly<Record<string, NumberKind>> = {
  connections: SOME,
  initSeconds: SECONDS,
  epochSeconds: SECONDS,
  evolutionSeconds: SECONDS,
  inferenceSamples: SOME,
  inferenceSeconds: SECONDS,
  testAccuracy: FRACTION,
  peakRssBytes: SOME,
};

/** Steps that are timed. */
const STEPS = 10;

/** The newest result of each preset, and a line for each file that cannot be used. */
export async function readExtremes(
  results: URL,
): Promise<{ records: Map<string, ExtremeRecord>; problems: string[] }> {
  const records = new Map<string, ExtremeRecord>();
  const problems: string[] = [];
  const names: string[] = [];
  for await (const { name } of Deno.readDir(results)) names.push(name);
  for (const name of names.sort()) {
    const [, size] = /^\d{4}-\d\d-\d\d-scale-(\d+m)\.json$/.exec(name) ?? [];
    if (size === undefined) continue;
    const record = parseExtreme(await Deno.readTextFile(new URL(name, results)));
    if (typeof record === "string") problems.push(`Cannot read "${name}": ${record}`);
    else records.set(`extreme-${size}`, record);
  }
  return { records, problems };
}

/** A result of the bench, or why it cannot be used. Keys that are not read are left alone. */
function parseExtreme(text: string): ExtremeRecord | string {
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const numbers = Object.entries(NUMBERS).map(([key, kind]) => [key, value?.[key], kind] as const);
  if (!numbers.every(([, number]) => typeof number === "number")) {
    return "it is cut short, or not a result of bench/scale.ts";
  }
  const wrong = numbers.map(([key, number, kind]) => problem(key, number as number, kind));
  return wrong.find((found) => found !== undefined) ?? value as unknown as ExtremeRecord;
}

/** The command that times a network. */
function commandOfExtreme({ preset }: Extreme): string[] {
  return ["bench/scale.ts", "--preset", preset, "--seed", "1", "--max-steps", String(STEPS)];
}

/**
 * Times a network, and writes the result beside the others.
 *
 * @throws {Error} When the bench fails: there is not enough memory, say.
 */
export async function runExtreme(row: Extreme, results: URL, signal: AbortSignal): Promise<void> {
  const size = row.preset.replace("extreme-", "");
  const path = new URL(`${new Date().toISOString().slice(0, 10)}-scale-${size}.json`, results);
  const [script, ...options] = commandOfExtreme(row);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, ...options, `out=${fileURLToPath(path)}`],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdout: "null",
    stderr: "piped",
    signal,
  }).output();
  signal.throwIfAborted();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
}
