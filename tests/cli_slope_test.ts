import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "./cli/process.ts";
import { withFile } from "./temporary.ts";

const SMALL = ["--hidden", "20,10", "--epochs", "2", "--threads", "1"];
const events = (stdout: string) => stdout.trim().split("\n").map((line) => JSON.parse(line));

Deno.test("train --alpha learned tells the slopes of each epoch, and inspect those of the saved model", async () => {
  await withFile(async (path) => {
    const { code, stdout, stderr } = await run(
      ...["train", ...SMALL, "--alpha", "learned", "--json", "--output", path],
    );
    assertEquals(code, 0, stderr);
    const told = events(stdout).filter(({ event }) => event === "epoch").map(({ slopes }) => slopes);
    assertEquals(told.map((slopes) => slopes.length), [2, 2]);
    const inspected = JSON.parse((await run("inspect", path, "--json")).stdout);
    assertEquals(inspected.settings.activation, { kind: "all-relu", alpha: "learned" });
    assertEquals(inspected.layers.map(({ slope }: { slope?: number }) => slope), [...told[1], undefined]);
    assertStringIncludes((await run("inspect", path)).stdout, `−${Math.abs(told[1][0]).toFixed(3)}`);
  });
});

Deno.test("train --alpha search trains with the slope it finds, and tells what that took", async () => {
  await withFile(async (path) => {
    const { code, stdout, stderr } = await run(
      ...["train", ...SMALL, "--alpha", "search", "--json", "--output", path],
    );
    assertEquals(code, 0, stderr);
    const [search, start] = events(stdout);
    assertEquals([search.event, search.ranking.length, search.trainings], ["slope-search", 6, 6]);
    assertEquals([start.event, start.settings.alpha], ["start", search.alpha]);
    // The number is in the checkpoint: a resumed run does not search again.
    const resumed = await run("train", "--resume", path, "--epochs", "3", "--json");
    assertEquals([resumed.code, events(resumed.stdout)[0].event], [0, "start"], resumed.stderr);
  });
  const { stderr } = await run("train", ...SMALL, "--alpha", "search");
  assertStringIncludes(stderr, "Slope found by search: α 0");
  assertStringIncludes(stderr, "6 trainings");
});

Deno.test("--alpha learned and search are refused where they mean nothing", async () => {
  const refused = async (args: readonly string[], message: string) => {
    const { code, stderr } = await run(...args);
    assert(code === 2, stderr);
    assertStringIncludes(stderr, message);
  };
  await refused(["train", "--activation", "prelu", "--alpha", "learned"], "it is for all-relu");
  await refused(["inspect", "--inputs", "4", "--outputs", "2", "--alpha", "search"], "search is for train");
  const nowhere = ["--data", "nowhere.csv", "--alpha", "search"];
  for (const command of ["cross-validate", "select-features"]) {
    await refused([command, ...nowhere], "expected learned or a number; search is for train");
    assert(!(await run(command, "--help")).stdout.includes("search"));
  }
  await refused(["train", "--alpha", "serch"], "expected learned, search or a number");
});
