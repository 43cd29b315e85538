import { assert, assertEquals, assertMatch } from "@std/assert";
import { madelonLike, saveModel, SparseMlp } from "../mod.ts";
import { kernelsPath } from "../src/native/library.ts";

const ROOT = new URL("../", import.meta.url);
const MODULES =
  `import { datasets, loadModel, madelonLike, saveModel, SparseMlp, train, trainParallel } from "${ROOT}mod.ts";\n`;
const CREATE = `const model = SparseMlp.create({ sizes: [20, 8, 2], epsilon: 4, seed: 1 });\n`;
const TRAIN =
  `for await (const _ of train(model, data, { epochs: 1, batchSize: 16 }));\nconsole.log("done");\n`;

/** What README says one can do, as a program: TypeScript, or the arguments of `cli.ts`. */
const PROGRAMS: Record<string, (folder: string) => string | readonly string[]> = {
  "train in memory": () =>
    `${MODULES}const data = madelonLike({ seed: 1 });\n` +
    `const model = SparseMlp.create({ sizes: [500, 8, 2], epsilon: 4, seed: 1 });\n${TRAIN}`,
  "load a model and use it": (folder) =>
    `${MODULES}const { model } = await loadModel("${folder}/model.safetensors");\nconsole.log(model.stats().nnz);`,
  "train from files": (folder) =>
    `${MODULES}import { loadFiles } from "${ROOT}src/data/files.ts";\n` +
    `const data = await loadFiles(["${folder}/data.csv"]);\n${CREATE}${TRAIN}`,
  "save a model": (folder) => `${MODULES}${CREATE}await saveModel(model, "${folder}/saved.safetensors");`,
  "train in parallel, with Workers": () =>
    `${MODULES}const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });\n${CREATE}` +
    `for await (const _ of trainParallel(model, data, { workers: 2, epochs: 1, batchSize: 16 }));`,
  "use kernels in a Worker of a file": (folder) =>
    `const worker = new Worker("file://${folder}/worker.ts", { type: "module" });\n` +
    `worker.onerror = (event) => { event.preventDefault(); console.error(event.message); Deno.exit(1); };\n` +
    `worker.onmessage = () => Deno.exit(0);`,
  "train with `cli.ts`": () => ["train", "--hidden", "10", "--epochs", "1", "--quiet"],
  "train with `cli.ts` and save": (
    folder,
  ) => ["train", "--hidden", "10", "--epochs", "1", "--quiet", "--output", `${folder}/cli.safetensors`],
};

/** Rows of README's table: what to do, and its flags. */
function rows(): { readonly task: string; readonly flags: readonly string[] }[] {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const section = readme.slice(readme.indexOf("## Permissions")).split("\n## ")[0];
  return [...section.matchAll(/^\| ([^|]+?) +\| `(--[^|]+)` +\|/gm)]
    .map(([, task, flags]) => ({ task, flags: flags.split(" ") }));
}

async function run(
  folder: string,
  program: string | readonly string[],
  flags: readonly string[],
): Promise<{ code: number; err: string }> {
  let words = [`${ROOT}cli.ts`, ...program];
  if (typeof program === "string") {
    await Deno.writeTextFile(`${folder}/program.ts`, program);
    words = [`${folder}/program.ts`];
  }
  const config = decodeURIComponent(new URL("deno.json", ROOT).pathname);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--config=${config}`, ...flags, ...words],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

Deno.test("README's permissions table has a program here for each row that is not a download", () => {
  const tasks = rows().map(({ task }) => task).filter((task) => !task.includes("URL"));
  assertEquals(tasks.sort(), Object.keys(PROGRAMS).sort());
});

for (const { task, flags } of rows()) {
  const program = PROGRAMS[task];
  if (program === undefined) continue; // Rows of downloads are run by url_test.ts.
  Deno.test(`README's flags are enough and needed to ${task}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const header = Array.from({ length: 20 }, (_, column) => `x${column}`).join(",");
      const line = (row: number) =>
        `${Array.from({ length: 20 }, (_, column) => (row * 7 + column * 3) % 11).join(",")},${row % 2}`;
      await Deno.writeTextFile(
        `${folder}/data.csv`,
        [`${header},label`, ...Array.from({ length: 64 }, (_, row) => line(row))].join("\n"),
      );
      await Deno.writeTextFile(
        `${folder}/worker.ts`,
        `${MODULES}SparseMlp.create({ sizes: [20, 8, 2], epsilon: 4, seed: 1 });\npostMessage("done");`,
      );
      const model = SparseMlp.create({ sizes: [20, 8, 2], epsilon: 4, seed: 1 });
      await saveModel(model, `${folder}/model.safetensors`);
      const places: Record<string, string> = {
        "<kernels>": kernelsPath()!,
        "<model>": `${folder}/model.safetensors`,
        "<data>": `${folder}/data.csv`,
        "<folder>": folder,
        "<src>": decodeURIComponent(new URL("src/", ROOT).pathname),
        "<sources>": `${folder}/worker.ts,${decodeURIComponent(ROOT.pathname)}`,
      };
      const exact = flags.map((flag) => flag.replace(/<\w+>/, (name) => places[name]));
      const whole = await run(folder, program(folder), exact);
      assertEquals(whole.code, 0, `${exact.join(" ")}: ${whole.err}`);
      for (const flag of exact) {
        const { code, err } = await run(folder, program(folder), exact.filter((other) => other !== flag));
        assert(code !== 0, `${task} works without ${flag}`);
        assertMatch(err, new RegExp(flag.split("=")[0]), `the error without ${flag} names it`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("saveModel() without Deno's permission names the path it was given and the folder to allow", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/model.safetensors`;
    const program =
      `${MODULES}${CREATE}await saveModel(model, "${path}").catch(({ message }) => console.error(message));`;
    const said = async (...flags: string[]) => {
      const { err } = await run(folder, program, [`--allow-ffi=${kernelsPath()}`, ...flags]);
      return err.trim();
    };
    const lead = `Cannot save the model to "${path}": Deno may not`;
    const why = "in its folder, where a file is made under another name first; run again with";
    const scope = `=${folder}/`;
    assertEquals(
      await said(`--allow-read=${path}`, `--allow-write=${path}`),
      `${lead} read or write ${why} --allow-read${scope} --allow-write${scope}`,
    );
    assertEquals(await said(`--allow-read=${folder}`), `${lead} write ${why} --allow-write${scope}`);
    assertEquals(await said(`--allow-read=${folder}`, `--allow-write=${folder}`), "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("madelonLike() and the rest of mod.ts read no variable, file or address on import", async () => {
  assert(madelonLike.length <= 1);
  const folder = await Deno.makeTempDir();
  try {
    const { code, err } = await run(folder, `${MODULES}void [datasets, train];`, []);
    assertEquals(code, 0, err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
