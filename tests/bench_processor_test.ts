import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describeProcessor, type Processor, processor, simdEnvironment } from "../bench/processor.ts";

Deno.test("processor() obeys the level asked for, and never says a higher one than the processor has", () => {
  assertEquals(processor("portable").level, "portable");
  const order = ["portable", "avx2", "avx512"];
  const { level } = processor("");
  const lowered = processor("avx2").level;
  assertEquals(level === "unknown", lowered === "unknown");
  assert(order.indexOf(lowered) <= order.indexOf(level));
});

Deno.test({
  name: "processor() says what it may not read is unknown",
  permissions: { read: false, env: false, sys: false },
  fn() {
    const { model, l1, l2, l3, cores } = processor();
    assertEquals([model, l1, l2, l3], Array(4).fill("unknown"));
    assert(cores >= 1);
  },
});

Deno.test("describeProcessor() is one line for people", () => {
  const one: Processor = {
    model: "Some CPU",
    identity: "Maker 1/2/3",
    level: "avx2",
    l1: 32768,
    l2: 524288,
    l3: "unknown",
    cores: 2,
  };
  const text = describeProcessor(one);
  assertEquals(text, "Some CPU (Maker 1/2/3), AVX2, 32 KiB / 512 KiB / unknown of cache, 2 cores");
});

Deno.test("simdEnvironment() refuses a level that there is not", () => {
  assertEquals(simdEnvironment(undefined), {});
  assertEquals(simdEnvironment("avx2").TRULY_SPARSE_SIMD, "avx2");
  const error = assertThrows(() => simdEnvironment("sse"), RangeError);
  assertStringIncludes(error.message, "Cannot use --simd sse: the levels are avx2 and portable");
});
