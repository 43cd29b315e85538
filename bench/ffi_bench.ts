/** What a call over the border costs, beside a call that stays in JavaScript. @module */
import { kernels } from "../src/native/library.ts";
import { shuffle } from "../src/native/random.ts";
import { misalignment } from "../src/native/step.ts";

const symbols = kernels();
const place = new Uint8Array(new SharedArrayBuffer(64));
const empty = new Uint32Array(0);
let sum = 0;

function inJavaScript(view: Uint8Array): number {
  return view.byteOffset % 64;
}

Deno.bench("a call in JavaScript", { group: "call", baseline: true }, () => {
  sum += inJavaScript(place);
});
Deno.bench("a native call without arguments", { group: "call" }, () => {
  sum += symbols.ts_abi_version();
});
Deno.bench("a native call with a buffer", { group: "call" }, () => {
  sum += misalignment(place);
});
Deno.bench("a guarded kernel on an empty array", { group: "call" }, () => shuffle(empty, 1, 1));
