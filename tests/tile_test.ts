import { assert, assertEquals } from "@std/assert";
import { MAX_TILE, paddedSamples, passWidth, predictionTiles, tileWidth } from "../src/model/tile.ts";

Deno.test("paddedSamples() rounds up to whole vectors of 16", () => {
  assertEquals([1, 15, 16, 17, 128, 129].map(paddedSamples), [16, 16, 16, 32, 128, 144]);
});

Deno.test("tileWidth() keeps two neighbouring layers in 2 MiB where it can", () => {
  // 4 bytes · (n + m) · width: 4,096 neurons fit with 128 samples, 8,192 with 64, 16,384 with 32.
  const width = (...sizes: number[]) => tileWidth(sizes, 128);
  assertEquals(width(784, 1000, 1000, 1000, 10), 128);
  assertEquals(width(2048, 2048, 10), 128);
  assertEquals(width(2048, 2049, 10), 64);
  assertEquals(width(3072, 4000, 1000, 4000, 10), 64);
  assertEquals(width(8192, 8192, 10), 32);
  assertEquals(width(54675, 27500, 27500, 18), 64);
});

Deno.test("passWidth() halves tiles where registers hold no more, unless that means more passes over huge layers", () => {
  const sizes = [784, 1000, 10];
  for (const [batch, microBatch] of [[1], [64], [65], [100], [128], [300], [128, 96], [80, 80], [300, 100]]) {
    const tile = tileWidth(sizes, batch, { microBatch });
    assertEquals(passWidth(sizes, batch, { microBatch }, 128), tile);
    assertEquals(passWidth(sizes, batch, { microBatch }, 64), Math.min(tile, 64));
    assert(tile >= batch || tile % 64 === 0 || tile < 64, `a tile that ends within a half: ${tile}`);
  }
  assertEquals(passWidth([65_536, 500_000, 2], 128, { microBatch: 128 }, 64), 128);
});

Deno.test("tileWidth() is no wider than the batch or the micro-batch needs", () => {
  const sizes = [10, 20, 3];
  const width = (batch: number, microBatch?: number) => tileWidth(sizes, batch, { microBatch });
  assertEquals([1, 5, 16, 17, 100, 300].map((batch) => width(batch)), [16, 16, 16, 32, 112, 128]);
  assertEquals([1, 16, 50, 96, 1000].map((micro) => width(128, micro)), [16, 16, 64, 64, 128]);
});

Deno.test("tileWidth() is as wide as a micro-batch allows where no width keeps layers in the cache", () => {
  const width = (microBatch?: number) => tileWidth([65_536, 500_000, 2], 128, { microBatch });
  assertEquals([width(), width(128), width(112), width(40)], [64, 128, 112, 48]);
});

Deno.test("predictionTiles() gives each thread a tile, and huge layers fewer and narrower ones", () => {
  const tiles = (...args: Parameters<typeof predictionTiles>) => {
    const { width, slots, words } = predictionTiles(...args);
    const [inputs, ...others] = args[0];
    assertEquals(words, slots * width * (inputs + 2 * Math.max(...others)));
    return [width, slots];
  };
  assertEquals(tiles([784, 1000, 1000, 10], 1000, 2), [128, 2]);
  assertEquals(tiles([784, 1000, 1000, 10], 60, 4), [16, 4]);
  assertEquals(tiles([65_536, 5e5, 5e5, 2], 1000, 8), [64, 7]);
  // Two layers of 5 million neurons take 640 MB for 16 samples.
  assertEquals(tiles([65_536, ...Array(10).fill(5e6), 2], 1000, 2), [48, 1]);
  assertEquals(tiles([65_536, 5e6, 2], 1000, 2), tiles([65_536, ...Array(10).fill(5e6), 2], 1000, 2));
  assertEquals(tiles([65_536, 2e7, 2], 1000, 2), [16, 1]);
});

Deno.test("tileWidth() always is a width the kernels take", () => {
  for (let batch = 1; batch <= 400; batch += 7) {
    for (const widest of [2, 3000, 5000, 9000, 100_000]) {
      const width = tileWidth([widest, 1], batch);
      assert(width % 16 === 0 && width >= 16 && width <= MAX_TILE);
    }
  }
});
