import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Dataset, fit, SparseMlp, train } from "../mod.ts";
import { hasSharedScale, shareScale, standardization } from "../src/data/standardization.ts";
import { finish, xorData, xorModel } from "./trainer/data.ts";

Deno.test("shareScale() takes one over the root of the mean variance, and leaves constant features alone", () => {
  // Variances 1, 0 and 25; the constant feature counts for nothing.
  const own = standardization(Float32Array.of(1, 7, 0, 3, 7, 10), 2, 3);
  assertEquals([...own.scale], [1, 0, Math.fround(1 / 5)]);
  assert(!hasSharedScale(own));
  shareScale(own);
  assertEquals([...own.mean], [2, 7, 5]);
  const common = 1 / Math.sqrt((1 + 25) / 2);
  for (const [feature, expected] of [common, 0, common].entries()) {
    assertAlmostEquals(own.scale[feature], expected, 1e-7);
  }
  assert(hasSharedScale(own));
});

Deno.test("shareScale() leaves features of which none varies as they are", () => {
  const own = standardization(Float32Array.of(1, 7, 1, 7), 2, 2);
  shareScale(own);
  assertEquals([...own.scale], [0, 0]);
  assert(hasSharedScale(own));
});

Deno.test("train() scales features in common where that is asked for, and goes on so", async () => {
  const data = xorData(40, 40);
  for (let sample = 0; sample < 40; sample++) (data.train.features as Float32Array)[2 * sample] *= 10;
  const scales = async (model: SparseMlp, featureScale?: "each" | "common") => {
    await finish(model, data, { epochs: 1, batchSize: 8, ...(featureScale && { featureScale }) });
    return [...model.standardization!.scale];
  };
  const [each, model] = [xorModel(), xorModel()];
  const [first, second] = await scales(each);
  assert(first !== second);
  const common = await scales(model, "common");
  assertEquals(common[0], common[1]);
  assertEquals(await scales(model), common);
  assertEquals(await scales(model, "common"), common);
  assertThrows(
    () => train(each, data, { featureScale: "common" }),
    TypeError,
    "featureScale is common, but the model has scaled each feature by itself since its first training",
  );
});

Deno.test("train() scales augmented images in common, unless each pixel is asked for", async () => {
  const features = Uint8Array.from(
    { length: 40 * 4 },
    (_, place) => place % 4 === 0 ? 5 * (place % 8) : place % 251,
  );
  const labels = Uint32Array.from({ length: 40 }, (_, sample) => sample % 2);
  const image = { channels: 1, height: 2, width: 2 };
  const data = Dataset.from({ features, labels, image, featureCount: 4 });
  const augmentation = { rotationDegrees: 0, shiftFraction: 0.1, flip: false };
  for (const featureScale of [undefined, "each", "common"] as const) {
    const model = SparseMlp.for(data, { hidden: [4], density: 1, seed: 1 });
    await fit(model, data, { epochs: 1, augmentation, ...(featureScale && { featureScale }) });
    assertEquals(hasSharedScale(model.standardization!), featureScale !== "each");
  }
});
