import { assert, assertEquals, assertThrows } from "@std/assert";
import { ADAM } from "../src/optimizer/adam.ts";
import type { StatePlane } from "../src/optimizer/optimizer.ts";
import { OPTIMIZER_NAMES, optimizerNamed, stateFor, stateNamed } from "../src/optimizer/optimizers.ts";
import { SGD } from "../src/optimizer/sgd.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";

const [, [VELOCITY]] = SGD.states;
const settings = resolveHyperparameters({}, 1);
const namesOf = (planes: readonly StatePlane[]) => planes.map(({ name }) => name).join(", ");

Deno.test("SGD.write() scales its momentum by how many times the rate is that of the step before", () => {
  const own = new Float64Array(2);
  for (const [momentum, rateRatio] of [[0.9, 1], [0.9, 1.5], [0.5, 0.25], [0, 3]]) {
    for (const nesterov of [false, true]) {
      SGD.write(own, { momentum, nesterov }, rateRatio);
      assertEquals([...own], [momentum * rateRatio, nesterov ? 1 : 0]);
    }
  }
});

Deno.test("Optimizer.planes() is one of its states, for all settings, and states have names of their own", () => {
  const options = [{}, { momentum: 0 }, { nesterov: true }, { optimizer: "adam" }] as const;
  for (const given of options) {
    const settings = resolveHyperparameters(given, 1);
    const { planes, states } = optimizerNamed(settings.optimizer);
    assert(states.map(namesOf).includes(namesOf(planes(settings))), JSON.stringify(given));
  }
  for (const { states } of OPTIMIZER_NAMES.map(optimizerNamed)) {
    for (const state of states) assertEquals(new Set(state.map(({ name }) => name)).size, state.length);
  }
});

Deno.test("stateFor() asks for the planes of the settings, and for those held where they suffice", () => {
  const [none, one] = [{ optimizer: "sgd", planes: [] }, { optimizer: "sgd", planes: [VELOCITY] }];
  const plain = { ...settings, momentum: 0 };
  assertEquals(stateFor(settings), one);
  assertEquals(stateFor(plain), none);
  assertEquals(stateFor(plain, one), one);
  assertEquals(stateFor(settings, none), one);
  const [planes] = ADAM.states;
  assertEquals(stateFor(plain, { optimizer: "adam", planes }), none);
  assertEquals(stateFor({ ...settings, optimizer: "adam" }, one), { optimizer: "adam", planes });
});

Deno.test("stateNamed() finds states by name, and refuses what it does not know with what it knows", () => {
  assertEquals(stateNamed("sgd", ["velocity"]), { optimizer: "sgd", planes: [VELOCITY] });
  assertEquals(stateNamed("sgd", []), { optimizer: "sgd", planes: [] });
  assertEquals(stateNamed("adam", ["meanGradient", "meanSquare"]), {
    optimizer: "adam",
    planes: ADAM.states[0],
  });
  for (const name of ["sdg", "toString", ""]) {
    assertThrows(
      () => stateNamed(name, []),
      TypeError,
      `Cannot use the state of optimizer "${name}": this package knows sgd, adam`,
    );
  }
  const refused: [string, string[], string][] = [
    ["sgd", ["speed"], "it has speed, expected no planes or velocity"],
    ["sgd", ["velocity", "velocity"], "it has velocity, velocity, expected no planes or velocity"],
    ["adam", [], "it has no planes, expected meanGradient, meanSquare"],
    ["adam", ["meanGradient"], "it has meanGradient, expected meanGradient, meanSquare"],
    [
      "adam",
      ["meanSquare", "meanGradient"],
      "it has meanSquare, meanGradient, expected meanGradient, meanSquare",
    ],
  ];
  for (const [name, planes, message] of refused) {
    assertThrows(
      () => stateNamed(name, planes),
      TypeError,
      `Cannot use the state of optimizer "${name}": ${message}`,
    );
  }
});
