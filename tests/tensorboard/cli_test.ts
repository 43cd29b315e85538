import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run, smallRun } from "../cli/process.ts";
import { onSmallDisk } from "../small_disk.ts";
import { inFolder } from "../temporary.ts";
import { filesBelow, recordsOf } from "./records.ts";

Deno.test("train --tensorboard writes the run's events, and a run that goes on adds files of its own", () =>
  inFolder(async (folder) => {
    const { args } = await smallRun();
    const [events, output] = [`${folder}/deep/events`, `${folder}/model.safetensors`];
    const first = await run(...args, "--epochs", "2", "--tensorboard", events, "--output", output);
    assertEquals(first.code, 0, first.stderr);
    const before = filesBelow(events);
    assertEquals(before.map((path) => path.split("/")[0]), ["steps", "test", "train"]);
    const second = await run("train", "--resume", output, "--epochs", "3");
    assertEquals(second.code, 0, second.stderr);
    const after = filesBelow(events);
    assertEquals(after.length, 2 * before.length);
    const content = after.map((path) => recordsOf(Deno.readFileSync(`${events}/${path}`)));
    assert(content.every((records) => records.length > 2));
    const settings = new TextDecoder().decode(
      content[after.findIndex((path) => path.startsWith("train/"))][2],
    );
    assertStringIncludes(settings, "| tensorboardEvery | 10 |");
  }));

Deno.test("train --tensorboard with workers writes what is told of epochs", () =>
  inFolder(async (folder) => {
    const { args } = await smallRun();
    const parallel = ["--parallel", "wassp", "--workers", "2", "--epochs", "3"];
    const { code, stderr } = await run(...args, ...parallel, "--tensorboard", folder);
    assertEquals(code, 0, stderr);
    assertEquals(filesBelow(folder).map((path) => path.split("/")[0]), ["test", "train"]);
  }));

Deno.test("train --tensorboard refuses a folder that cannot be written before anything is read", () =>
  inFolder(async (folder) => {
    const file = `${folder}/file`;
    await Deno.writeTextFile(file, "");
    const { code, stdout, stderr } = await run(
      "train",
      "--data",
      `${folder}/none.csv`,
      "--tensorboard",
      file,
    );
    assertEquals([code, stdout], [1, ""]);
    assert(stderr.startsWith(`error: Cannot write into the folder "${file}": `), stderr);
    assertEquals(stderr.trim().split("\n").length, 1);
  }));

Deno.test("train --tensorboard on a disk that fills says so in a line, and the training goes on", (test) =>
  inFolder(async (folder) => {
    const { args } = await smallRun();
    await onSmallDisk(test, folder, async () => {
      // Room for the beginning of a file.
      await Deno.writeFile(`${folder}/filler`, new Uint8Array(2 ** 20 - 3 * 4096));
      const { code, stdout, stderr } = await run(...args, "--epochs", "30", "--tensorboard", `${folder}/a`);
      assertEquals(code, 0, stderr);
      const said = stderr.split("\n").filter((line) => line.startsWith("Left out"));
      assertEquals(said, [
        `Left out the event files in "${folder}/a", the training goes on: No space left on device (os error 28)`,
      ]);
      assertStringIncludes(stdout, "30 epochs");
    });
  }));
