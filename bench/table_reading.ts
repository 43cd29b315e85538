/**
 * Reads a table of numbers, against another checkout's reader in the same run.
 *
 * `deno run -A bench/table_reading.ts [--megabytes 300] [--columns 100] [--threads 2] [--digits 6] [--against FOLDER]`
 *
 * The file is written for the run and removed after it. Both readers are timed in turn, five times; medians are printed.
 * The other checkout must have its own library built.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeProcessor, processor } from "./processor.ts";

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "300" },
    columns: { type: "string", default: "100" },
    threads: { type: "string", default: "2" },
    digits: { type: "string", default: "6" },
    rounds: { type: "string", default: "5" },
    against: { type: "string" },
  },
});
const [megabytes, columns, threads, digits, rounds] = [
  ...[options.megabytes, options.columns, options.threads, options.digits, options.rounds].map(Number),
];

type Read = (path: string, options: { readonly threads: number }) => Promise<{ readonly samples: number }>;

async function writeTable(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true, truncate: true });
  const encoder = new TextEncoder();
  const write = async (text: string) => {
    for (let bytes = encoder.encode(text); bytes.length > 0;) bytes = bytes.subarray(await file.write(bytes));
    written += text.length;
  };
  let [written, state] = [0, 1];
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const names = Array.from({ length: columns - 1 }, (_, column) => `x${column}`);
  await write([...names, "label"].join(",") + "\n");
  while (written < megabytes * 1e6) {
    let lines = "";
    while (lines.length < 1e6) {
      for (let column = 1; column < columns; column++) lines += `${((next() - 0.5) * 10).toFixed(digits)},`;
      lines += `${Math.floor(next() * 3)}\n`;
    }
    await write(lines);
  }
}

async function reader(folder: string): Promise<Read> {
  return (await import(new URL("src/data/csv.ts", folder).href)).readCsv;
}

const folder = await Deno.makeTempDir();
try {
  const path = `${folder}/table.csv`;
  await writeTable(path);
  const { size } = await Deno.stat(path);
  const readers: [string, Read][] = [["this one", await reader(new URL("../", import.meta.url).href)]];
  if (options.against !== undefined) {
    readers.push(["the other", await reader(new URL(`${options.against}/`, "file:///").href)]);
  }
  const times = new Map(readers.map(([name]) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, read] of readers) {
      const started = performance.now();
      await read(path, { threads });
      // The first round fills the file cache.
      if (round >= 0) times.get(name)!.push((performance.now() - started) / 1000);
    }
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const medians = readers.map(([name]) => median(times.get(name)!));
  console.log(describeProcessor(processor()));
  console.log(`${(size / 1e6).toFixed(0)} MB, ${columns} columns, ${digits} decimals, ${threads} threads`);
  readers.forEach(([name], index) => {
    const seconds = medians[index];
    const spread = times.get(name)!.map((time) => time.toFixed(2)).join(" ");
    console.log(`${name}: ${seconds.toFixed(2)} s, ${(size / 1e6 / seconds).toFixed(0)} MB/s (${spread})`);
  });
  if (medians.length > 1) console.log(`speed against the other: ${(medians[1] / medians[0]).toFixed(2)}`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
