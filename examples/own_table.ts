/**
 * A table of one's own: read, learned, and asked about new rows: deno run -A examples/own_table.ts flowers.csv
 *
 * The table is that of examples/flowers.ts.
 *
 * @module
 */
import {
  evaluate,
  fit,
  predictRows,
  readTable,
  SparseMlp,
  suggestSettings,
} from "@truly-sparse/truly-sparse";

const data = await readTable(Deno.args[0], { label: "species", validation: 0.2, onNotice: console.log });
const { model: network, training } = suggestSettings(data);
const model = SparseMlp.create({ ...network, seed: 1 });
await fit(model, data, training);
console.log(evaluate(model, data.test));
const flower = { height: 40, petal: 3, leaf: null, colour: "blue" };
console.log(predictRows(model, [flower])[0]);
