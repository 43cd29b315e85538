import { assertEquals, assertNotEquals } from "@std/assert";
import { shuffle } from "../src/native/random.ts";

Deno.test("shuffle() gives a permutation that depends on seed and epoch alone", () => {
  const order = new Uint32Array(new SharedArrayBuffer(4 * 1000));
  const [again, other] = [new Uint32Array(1000), new Uint32Array(1000)];
  shuffle(order, 1, 1);
  shuffle(again, 1, 1);
  shuffle(other, 1, 2);
  assertEquals([...order], [...again]);
  assertNotEquals([...order], [...other]);
  assertEquals([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, index) => index));
});

Deno.test("shuffle() accepts an empty array", () => shuffle(new Uint32Array(0), 1, 1));
