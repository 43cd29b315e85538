/** Whole training steps and their parts: B 128, ε 20, dropout 0.3. The baseline is the kernel alone. @module */
import { prepareStep } from "./training_step.ts";

const NETWORKS: Record<string, number[]> = {
  "Fashion-MNIST 784-1000×3-10": [784, 1000, 1000, 1000, 10],
  "CIFAR-10 3072-4000-1000-4000-10": [3072, 4000, 1000, 4000, 10],
  "Madelon 500-400-100-400-2": [500, 400, 100, 400, 2],
};

for (const [name, sizes] of Object.entries(NETWORKS)) {
  for (const threads of [1, 2]) {
    const group = `${name}, ${threads} thread${threads > 1 ? "s" : ""}`;
    let step: ReturnType<typeof prepareStep> | undefined;
    const prepared = () => step ??= prepareStep({ sizes, threads });
    Deno.bench(`kernel alone, ${group}`, { group, baseline: true }, () => prepared().kernel());
    Deno.bench(`batch alone, ${group}`, { group }, () => prepared().build());
    Deno.bench(`whole step, ${group}`, { group }, () => {
      prepared().run();
    });
  }
}
