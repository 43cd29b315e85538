import { assertEquals, assertThrows } from "@std/assert";
import { planesNamed, stateFor } from "../src/optimizer/optimizers.ts";
import { SGD } from "../src/optimizer/sgd.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";

const [VELOCITY] = SGD.allPlanes;
const settings = resolveHyperparameters({}, 1);

Deno.test("SGD.write() scales its momentum by how many times the rate is that of the step before", () => {
  const own = new Float64Array(2);
  for (const [momentum, rateRatio] of [[0.9, 1], [0.9, 1.5], [0.5, 0.25], [0, 3]]) {
    for (const nesterov of [false, true]) {
      SGD.write(own, { momentum, nesterov }, rateRatio);
      assertEquals([...own], [momentum * rateRatio, nesterov ? 1 : 0]);
    }
  }
});

Deno.test("stateFor() asks for the planes of the settings, and for those held where they suffice", () => {
  const [none, one] = [{ optimizer: "sgd", planes: [] }, { optimizer: "sgd", planes: [VELOCITY] }];
  const plain = { ...settings, momentum: 0 };
  assertEquals(stateFor(settings), one);
  assertEquals(stateFor(plain), none);
  assertEquals(stateFor(plain, one), one);
  assertEquals(stateFor(settings, none), one);
  const other = { optimizer: "other", planes: [VELOCITY, VELOCITY] };
  assertEquals(stateFor(plain, other), none);
});

Deno.test("planesNamed() finds planes by name, and refuses what it does not know with what it knows", () => {
  assertEquals(planesNamed("sgd", ["velocity"]), [VELOCITY]);
  assertEquals(planesNamed("sgd", []), []);
  for (const name of ["sdg", "toString", ""]) {
    assertThrows(
      () => planesNamed(name, []),
      TypeError,
      `Cannot use the state of optimizer "${name}": this package knows sgd`,
    );
  }
  assertThrows(
    () => planesNamed("sgd", ["speed"]),
    TypeError,
    'Cannot use the state of optimizer "sgd": it has no plane "speed", only velocity',
  );
});
