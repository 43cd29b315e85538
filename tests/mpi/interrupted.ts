/** Jobs of `train` that come to harm, or are told to end, as soon as their first checkpoint is there. @module */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadModel } from "../../src/files/checkpoint.ts";
import { inFolder } from "../temporary.ts";
import { job, PROGRAM } from "./job.ts";

/** What rank 0 ends with where a batch system shall start the job anew. */
export const REQUEUE = 75;

/** A training that goes on until it is ended. */
const ENDLESS = ["--epochs", "100000", "--checkpoint-every", "1"];

/**
 * Trains in a job of so many ranks, of which one harms itself by a signal; the job has to end soon, with a whole
 * checkpoint, and to say what happened.
 */
export async function assertHarmEnds(
  { count, rank, signal, args, told }: {
    readonly count: number;
    readonly rank: number;
    readonly signal: "KILL" | "STOP";
    readonly args: readonly string[];
    readonly told: readonly string[];
  },
): Promise<void> {
  await inFolder(async (folder) => {
    const output = `${folder}/model.safetensors`;
    const shell = `if [ "$OMPI_COMM_WORLD_RANK" = ${rank} ]; then
      (while [ ! -e "${output}" ]; do sleep 0.05; done; kill -${signal} $$) &
    fi
    exec "$@"`;
    const words = [...PROGRAM, ...args, ...ENDLESS, "--quiet", "--output", output];
    const { code, err, seconds } = await job(count, ["sh", "-c", shell, "sh", ...words]);
    assert(code !== 0);
    assert(seconds < 30, `${seconds} s`);
    for (const text of told) assertStringIncludes(err, text);
    assert((await loadModel(output)).training!.epoch >= 1);
  });
}

/**
 * Trains in a job of so many ranks, and tells rank 0 to end; all ranks have to end in good order, rank 0 with the code
 * that asks to be started again.
 */
export async function assertEndsInGoodOrder(count: number, args: readonly string[]): Promise<void> {
  await inFolder(async (folder) => {
    const output = `${folder}/model.safetensors`;
    const others = Array.from({ length: count - 1 }, (_, place) => `[ -e $left.${place + 1} ]`).join(" && ");
    // Each rank leaves its exit code in a file; the launcher would end those that live on when the first ends.
    const shell = `"$@" & program=$!
      left="${folder}/code"
      if [ "$OMPI_COMM_WORLD_RANK" = 0 ]; then
        while [ ! -e "${output}" ]; do sleep 0.05; done
        kill -TERM $program
        wait $program
        echo $? > $left.0
        for round in $(seq 200); do ${others} && break; sleep 0.05; done
      else
        wait $program
        echo $? > $left.$OMPI_COMM_WORLD_RANK
      fi`;
    const words = [...PROGRAM, ...args, ...ENDLESS, "--output", output];
    const { code, err } = await job(count, ["sh", "-c", shell, "sh", ...words]);
    assertEquals(code, 0, err);
    assertStringIncludes(err, "go on from epoch");
    const codes = Array.from({ length: count }, (_, rank) => Deno.readTextFileSync(`${folder}/code.${rank}`));
    assertEquals(codes.map(Number), [REQUEUE, ...Array(count - 1).fill(0)], err);
    assert((await loadModel(output)).training!.epoch >= 1);
  });
}
