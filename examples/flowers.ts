/**
 * Writes the table of README's example: made-up flowers with a number of the row, a colour, and missing cells.
 *
 * `deno run --allow-write examples/flowers.ts` writes `flowers.csv`, and `new-flowers.csv`, in which the species is not
 * known and the columns stand in another order.
 *
 * @module
 */
const SPECIES = [
  { species: "bluebell", height: 30, petal: 1.9, leaf: 13, colours: ["blue", "white", "pink"] },
  { species: "daisy", height: 22, petal: 1.7, leaf: 7, colours: ["white", "pink", "yellow"] },
  { species: "poppy", height: 42, petal: 3.4, leaf: 10, colours: ["red", "orange", "white"] },
];

let state = 1;

/** A number from 0 up to 1, the same in each run (Park and Miller's generator). */
function uniform(): number {
  state = state * 48271 % 2147483647;
  return state / 2147483647;
}

/** About normal, or nothing in one of 25 cells. */
function measured(mean: number, deviation: number): string {
  const sum = uniform() + uniform() + uniform() + uniform();
  return uniform() < 0.04 ? "" : (mean + deviation * (sum - 2) * Math.sqrt(3)).toFixed(1);
}

function flower() {
  const { species, height, petal, leaf, colours } = SPECIES[Math.floor(3 * uniform())];
  return {
    species,
    height: measured(height, 11),
    petal: measured(petal, 1),
    leaf: measured(leaf, 4),
    colour: uniform() < 0.04 ? "" : colours[Math.floor(3 * uniform())],
  };
}

const known = Array.from({ length: 200 }, flower);
const unknown = [...Array.from({ length: 4 }, flower), { ...flower(), colour: "violet" }];
const lines = known.map(({ species, height, petal, leaf, colour }, row) =>
  `${row + 1},${height},${petal},${leaf},${colour},${species}\n`
);
Deno.writeTextFileSync("flowers.csv", `id,height,petal,leaf,colour,species\n${lines.join("")}`);
const others = unknown.map(({ height, petal, leaf, colour }) => `${colour},${leaf},${petal},${height}\n`);
Deno.writeTextFileSync("new-flowers.csv", `colour,leaf,petal,height\n${others.join("")}`);
