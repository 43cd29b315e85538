/** The command line, with runs that stand still after their tenth epoch until a byte comes in. @module */
import { main } from "../../src/cli/main.ts";
import { Dashboard } from "../../src/dashboard/dashboard.ts";

const { epoch } = Dashboard.prototype;
Dashboard.prototype.epoch = async function (record, model) {
  epoch.call(this, record, model);
  if (record.epoch !== 10) return;
  console.error("Held after epoch 10");
  await Deno.stdin.read(new Uint8Array(1));
};

Deno.exit(await main(Deno.args));
