import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadModel } from "../src/files/checkpoint.ts";
import { ignore, launcher, PROGRAM, trained, why } from "./mpi/job.ts";
import { assertSameModel } from "./model/content.ts";
import { inFolder } from "./temporary.ts";

/** Who gets a signal: a rank, or the launcher. */
type Addressee = 0 | 1 | "mpirun";

/** Small networks, and epochs of so many steps that they take far longer than what is between two of them. */
const OPTIONS = ["--transport", "mpi", "--hidden", "40,30", "--batch-size", "2", "--learning-rate", "0.001"];

/** Seconds that mpirun gives ranks to end in; by default 1, which is little on a busy machine. */
const PATIENT = { OMPI_MCA_odls_base_sigkill_timeout: "4" };

/** Calls when a file has been written, or written anew; dispose of it when that no longer matters. */
function whenWritten(path: string, then: () => void): Disposable {
  const written = () => {
    try {
      return Deno.statSync(path).mtime!.getTime();
    } catch {
      return 0;
    }
  };
  const before = written();
  const watch = setInterval(() => {
    if (written() === before) return;
    clearInterval(watch);
    then();
  }, 50);
  return { [Symbol.dispose]: () => clearInterval(watch) };
}

/** Ends a job by a signal once it has saved a checkpoint; gives what it left on the terminal. */
async function signalled(
  folder: string,
  output: string,
  { who, signal, args }: { who: Addressee; signal: Deno.Signal; args: readonly string[] },
): Promise<{ code: number; err: string }> {
  const shell = `echo $$ > "${folder}/pid.$OMPI_COMM_WORLD_RANK"; exec "$@"`;
  // Hardly a word: while mpirun waits for its ranks to end, it reads nothing of what they print.
  const words = [...PROGRAM, ...args, "--output", output, "--checkpoint-every", "1", "--quiet"];
  const child = launcher(3, ["sh", "-c", shell, "sh", ...words], PATIENT).spawn();
  using _ = whenWritten(output, () => {
    const pid = who === "mpirun" ? child.pid : Number(Deno.readTextFileSync(`${folder}/pid.${who}`));
    Deno.kill(pid, signal);
  });
  const { code, stderr } = await child.output();
  return { code, err: new TextDecoder().decode(stderr) };
}

const ADDRESSEES: readonly Addressee[] = [0, 1, "mpirun"];
const SIGNALS: readonly Deno.Signal[] = ["SIGTERM", "SIGUSR1"];

for (const [turn, algorithm] of ["wasap", "wassp"].entries()) {
  for (const phase of [1, 2]) {
    Deno.test({
      name:
        `a signal to a rank of ${algorithm} in phase ${phase}, or to mpirun, saves inside the epoch and asks for more${why}`,
      ignore,
      async fn() {
        const start = [...OPTIONS, "--parallel", algorithm, "--phase-one-fraction", phase === 1 ? "1" : "0"];
        let inside = 0;
        for (const [place, who] of ADDRESSEES.entries()) {
          // Both algorithms, and both phases, together have all signals to all.
          const signal = SIGNALS[(place + turn + phase) % 2];
          await inFolder(async (folder) => {
            const output = `${folder}/model.safetensors`;
            const args = [...start, "--epochs", "100000"];
            const { code, err } = await signalled(folder, output, { who, signal, args });
            // mpirun that is told to end the job gives 1, whatever the ranks say, and may lose their last lines.
            const ends = who === "mpirun" && signal === "SIGTERM";
            assertEquals(code, ends ? 1 : 75, err);
            const { training, workers } = await loadModel(output);
            const { epoch, step, begun } = training!.state!;
            if (!ends) assertStringIncludes(err, `go on from epoch ${epoch + 1} with: train`);
            assert(epoch > 0);
            assertEquals(workers?.length, phase === 2 ? 2 : undefined);
            if (step > 0) {
              inside++;
              assertEquals(begun!.updates, step);
              assertEquals(begun!.workerSteps?.length, phase === 2 ? 2 : undefined);
            }
            // As many ranks, fewer, and more.
            const count = [3, 2, 4][(place + turn + phase) % 3];
            const two = ["--epochs", `${epoch + 2}`, "--json"];
            const records = await trained(count, ["--resume", output, ...two]);
            assertEquals(records.map(({ epoch }) => epoch), [epoch + 1, epoch + 2]);
            const [first, second] = records.map(({ parallel }) => parallel);
            assertEquals([first.workers, first.phase], [count - 1, phase]);
            // Nothing is counted twice, and nothing left out.
            if (algorithm === "wasap" && phase === 1) assertEquals(first.updates, second.updates);
            if (count !== 3) return;
            assertEquals(first.updates, second.updates);
            if (algorithm === "wasap" && phase === 1) return;
            const straight = `${folder}/straight.safetensors`;
            await trained(3, [...start, ...two, "--output", straight]);
            assertSameModel((await loadModel(output)).model, (await loadModel(straight)).model);
          });
        }
        assert(inside > 0, "no signal came inside an epoch");
      },
    });
  }
}

Deno.test({
  name:
    `examples/slurm.sbatch saves on a signal of the batch system, asks to be queued again, and goes on${why}`,
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
      const [model, asked] = [`${folder}/model.safetensors`, `${folder}/asked`];
      await Deno.writeTextFile(`${folder}/scontrol`, `#!/bin/sh\necho "$@" > "${asked}"\n`, { mode: 0o755 });
      await Deno.symlink(Deno.execPath(), `${folder}/deno`);
      const batch = (ranks: number, args: readonly string[]) =>
        new Deno.Command("bash", {
          args: [`${root}examples/slurm.sbatch`, ...args],
          cwd: root,
          env: {
            PATH: `${folder}:${Deno.env.get("PATH")}`,
            ...{ MODEL: model, SLURM_NTASKS: `${ranks}`, SLURM_JOB_ID: "42", NO_COLOR: "1" },
            ...{ OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" },
            OMPI_MCA_rmaps_base_oversubscribe: "1",
          },
          ...{ stdout: "null", stderr: "piped" },
        }).spawn();
      let [ranks, epochs] = [3, 0];
      // The second job goes on with another number of ranks.
      for (const signal of ["SIGUSR1", "SIGTERM"] as const) {
        const child = batch(ranks++, ["--hidden", "40", "--epochs", "100000"]);
        using _ = whenWritten(model, () => child.kill(signal));
        const { code, stderr } = await child.output();
        assertEquals(code, 75, new TextDecoder().decode(stderr));
        assertEquals(await Deno.readTextFile(asked), "requeue 42\n");
        await Deno.remove(asked);
        const { epoch } = (await loadModel(model)).training!;
        assert(epoch > epochs, `${epoch} epochs after ${epochs}`);
        epochs = epoch;
      }
    });
  },
});
