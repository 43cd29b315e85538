import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CheckpointError, loadModel } from "../mod.ts";
import { parseBoundedJson } from "../src/files/bounded_json.ts";

Deno.test("parseBoundedJson() counts depth and parts outside of strings alone", () => {
  const bounds = { depth: 2, parts: 3 };
  assertEquals(parseBoundedJson('{"a[[[[,,,,\\"[[":[1,2]}', bounds), { 'a[[[[,,,,"[[': [1, 2] });
  assertThrows(() => parseBoundedJson("[[[]]]", bounds), SyntaxError, "nested deeper than 2 levels");
  assertThrows(() => parseBoundedJson("[1,2,3,4,5]", bounds), SyntaxError, "more than 3 parts");
  for (const damaged of ['"', '"\\', "]", "", "[1,", "}{"]) {
    assertThrows(() => parseBoundedJson(damaged, bounds), SyntaxError);
  }
});

/** A safetensors file of a header alone. */
function file(header: string): Uint8Array {
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

Deno.test("loadModel() builds nothing of a header that is nested deeply or has too many parts", async () => {
  const refused = async (header: string) =>
    (await assertRejects(() => loadModel(file(header)), CheckpointError)).message;
  const deep = "[".repeat(1 << 20) + "]".repeat(1 << 20);
  assertEquals((await refused(deep)).endsWith("nested deeper than 3 levels"), true);
  const wide = `{"a":[${"1,".repeat(1 << 20)}1]}`;
  assertEquals((await refused(wide)).endsWith("more than 524288 parts"), true);
});
