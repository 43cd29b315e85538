/**
 * One million neurons, 65536-500000-500000-2 at ε 10: time to initialise, peak memory, time a step.
 *
 * `deno run --allow-ffi --allow-read --allow-env bench/million.ts [threads] [steps]`; batches of 128 pass in tiles of 16.
 *
 * @module
 */
import { prepareStep } from "./training_step.ts";
import { describeProcessor, processor } from "./processor.ts";

const [threads, steps] = [Number(Deno.args[0] ?? 2), Number(Deno.args[1] ?? 10)];
const sizes = [65_536, 500_000, 500_000, 2];
const started = performance.now();
const step = prepareStep({ sizes, epsilon: 10, threads, width: 16, samples: 512, dropout: 0.4 });
const initialised = (performance.now() - started) / 1000;
let peakBytes = Deno.memoryUsage().rss;
const losses: number[] = [];
const before = performance.now();
for (let index = 0; index < steps; index++) {
  losses.push(step.run());
  peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss);
}
console.log(JSON.stringify({
  host: describeProcessor(processor()),
  sizes,
  threads,
  connections: step.model.stats().connections,
  initialiseSeconds: initialised,
  secondsAStep: (performance.now() - before) / 1000 / steps,
  peakRssGiB: peakBytes / 2 ** 30,
  firstLoss: losses[0],
  lastLoss: losses[losses.length - 1],
}));
