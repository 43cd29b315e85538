/**
 * The commands `export` and `import`: models to and from the files of other tools.
 *
 * @module
 */
import { encodeOnnx, exportOnnx } from "../files/onnx.ts";
import { WholeFile } from "../whole_file.ts";
import { exportDense, exportScipy, type ImportOptions, importScipy } from "../files/scipy.ts";
import { isPlain } from "../schema.ts";
import type { Command } from "./command.ts";
import { bytes, count } from "../format.ts";
import { readModelFile, writeModelFile } from "./model_file.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { checkOutput, isStdout, printEvent } from "./output.ts";

/** Writes a model for other tools. */
export const exportCommand: Command = {
  name: "export",
  arguments: [{ name: "MODEL", required: true }],
  summary: "Write a saved model for SciPy, NumPy or ONNX",
  description:
    "Writes a model as SciPy CSR matrices (a folder with a .npz file a layer), as dense .npy matrices, " +
    "or as one ONNX file with sparse initialisers. Runtimes of ONNX make the matrices dense when they load them.",
  examples: [
    ["CSR matrices for SciPy", "export model.safetensors --to scipy --output model"],
    ["A file for ONNX runtimes", "export model.safetensors --to onnx --output model.onnx"],
  ],
  run: ([path], values) => runExport(path, values),
};

/** Makes a model file of SciPy matrices. */
export const importCommand: Command = {
  name: "import",
  arguments: [{ name: "FOLDER", required: true }],
  summary: "Make a model file of SciPy CSR matrices",
  description:
    "Reads what export --to scipy wrote, or layer1.npz, layer2.npz … that scipy.sparse.save_npz wrote: each " +
    "a CSR matrix of inputs × neurons.",
  examples: [
    ["Matrices made elsewhere", "import matrices --activation relu --output model.safetensors"],
  ],
  run: ([folder], values) => runImport(folder, values),
};

function outputOf(values: Values, command: string): string {
  if (values.output === undefined) {
    throw new UsageError(`Cannot ${command} without --output: name where to write`);
  }
  return values.output;
}

async function runExport(path: string, values: Values): Promise<number> {
  const output = outputOf(values, "export");
  const { to = "scipy" } = values;
  if (isStdout(output) && to !== "onnx") {
    throw new UsageError(`Cannot export to "${output}" as ${to}: it is a folder of files, name one`);
  }
  const { model } = await readModelFile(path, values);
  const { connections, denseInferenceBytes } = model.stats();
  if (to === "scipy") await exportScipy(model, output);
  else if (to === "dense") await exportDense(model, output);
  else if (isStdout(output)) {
    await WholeFile.stdout().write(await encodeOnnx(model));
    return 0;
  } else {
    await checkOutput(output, [path]);
    await exportOnnx(model, output);
  }
  if (values.json) {
    printEvent({ event: "export", model: path, to, output, connections, denseInferenceBytes });
  } else {
    console.log(`Wrote ${count(connections)} connections to "${output}"`);
    if (model.schema !== undefined && !isPlain(model.schema)) {
      const inputs = count(model.featureCount);
      console.log(
        `Features are the ${inputs} inputs that columns become, as the schema beside the weights says`,
      );
    }
    if (to === "onnx") {
      console.log(`Runtimes of ONNX make them dense when they load the file: ${bytes(denseInferenceBytes)}`);
    }
  }
  return 0;
}

async function runImport(folder: string, values: Values): Promise<number> {
  const output = outputOf(values, "import");
  await checkOutput(output);
  const { activation, alpha, task } = values;
  const options: ImportOptions = {
    ...(activation &&
      { activation: { kind: activation, ...(alpha !== undefined && alpha !== "search" && { alpha }) } }),
    ...(task && { task }),
  };
  const model = await importScipy(folder, options);
  await writeModelFile(model, output, values);
  const { connections } = model.stats();
  const layers = model.settings.sizes;
  if (values.json) printEvent({ event: "import", folder, output, layers, connections });
  else {console.log(
      `Saved a network of ${layers.join("-")} with ${count(connections)} connections to "${output}"`,
    );}
  return 0;
}
