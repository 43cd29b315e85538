/**
 * Networks as ONNX models whose weights are sparse initialisers.
 *
 * The file stays sparse. Runtimes do not: onnxruntime and others turn sparse initialisers into dense matrices when they
 * load them, so time and memory there are those of the dense network.
 *
 * Format: onnx.proto3 of ONNX 1.17, IR version 8, operator set 17.
 *
 * @module
 */
import { CheckpointError } from "../errors.ts";
import { learnsSlope } from "../model/activation.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { encoderOf, type Messages } from "../protobuf.ts";
import { requirePath } from "../value.ts";
import { answerCount, isOneSided, lossOf } from "../model/outputs.ts";
import { inputNames } from "../schema.ts";
import { VERSION } from "../version.ts";
import { describeSchema } from "../table_schema.ts";
import { writeWhole } from "../whole_file.ts";

const FLOAT = 1;
const INT64 = 7;
const IR_VERSION = 8;
const OPERATOR_SET = 17;
/** A protobuf message must be shorter than 2 GiB; a connection takes 12 bytes. */
const MOST_CONNECTIONS = 2 ** 31 / 12 - 2 ** 20;

/** The messages and fields used here, with the numbers ONNX gives them. */
const SCHEMA: Messages = {
  ModelProto: {
    ir_version: ["int64", 1],
    producer_name: ["string", 2],
    producer_version: ["string", 3],
    graph: ["GraphProto", 7],
    opset_import: ["OperatorSetIdProto", 8, "repeated"],
    metadata_props: ["StringStringEntryProto", 14, "repeated"],
  },
  OperatorSetIdProto: { domain: ["string", 1], version: ["int64", 2] },
  StringStringEntryProto: { key: ["string", 1], value: ["string", 2] },
  GraphProto: {
    node: ["NodeProto", 1, "repeated"],
    name: ["string", 2],
    initializer: ["TensorProto", 5, "repeated"],
    input: ["ValueInfoProto", 11, "repeated"],
    output: ["ValueInfoProto", 12, "repeated"],
    sparse_initializer: ["SparseTensorProto", 15, "repeated"],
  },
  NodeProto: {
    input: ["string", 1, "repeated"],
    output: ["string", 2, "repeated"],
    name: ["string", 3],
    op_type: ["string", 4],
    attribute: ["AttributeProto", 5, "repeated"],
  },
  AttributeProto: { name: ["string", 1], f: ["float", 2], i: ["int64", 3], type: ["int32", 20] },
  TensorProto: {
    dims: ["int64", 1, "repeated"],
    data_type: ["int32", 2],
    name: ["string", 8],
    raw_data: ["bytes", 9],
  },
  SparseTensorProto: {
    values: ["TensorProto", 1],
    indices: ["TensorProto", 2],
    dims: ["int64", 3, "repeated"],
  },
  ValueInfoProto: { name: ["string", 1], type: ["TypeProto", 2] },
  TypeProto: { tensor_type: ["TensorType", 1] },
  TensorType: { elem_type: ["int32", 1], shape: ["TensorShapeProto", 2] },
  TensorShapeProto: { dim: ["Dimension", 1, "repeated"] },
  Dimension: { dim_value: ["int64", 1], dim_param: ["string", 2] },
};

/**
 * Writes a network as an ONNX model: raw features in (`features`, `[samples, features]`), class probabilities
 * (`probabilities`) or predicted numbers in the targets' own unit (`values`) out.
 *
 * Memory: the file. The names of the classes stand in its metadata as `class_names`, a JSON list; of a model of tables
 * those of its features as `feature_names`, and as `schema` how columns become features.
 *
 * @throws {CheckpointError} When it cannot be written, or would have 2 GiB or more.
 */
export async function exportOnnx(model: SparseMlp, path: string): Promise<void> {
  requireModel(model, "export the model");
  requirePath(path, { task: "export the model", name: "path" }, "the path of a file");
  try {
    const bytes = await encodeOnnx(model);
    await writeWhole(path, (file) => file.write(bytes));
  } catch (cause) {
    throw new CheckpointError(`Cannot export to "${path}": ${(cause as Error).message}`, { cause });
  }
}

/**
 * The bytes of the file that {@linkcode exportOnnx} writes.
 *
 * @throws {RangeError} When there would be 2 GiB or more.
 */
export async function encodeOnnx(model: SparseMlp): Promise<Uint8Array> {
  const { connections } = model.stats();
  if (connections > MOST_CONNECTIONS) {
    throw new RangeError(
      `it has ${connections} connections, an ONNX file of 2 GiB holds ${MOST_CONNECTIONS}`,
    );
  }
  return (await encoderOf(SCHEMA, "ModelProto"))(describe(model));
}

function describe(model: SparseMlp): Record<string, unknown> {
  const graph = new GraphBuilder();
  const { settings, classNames, standardization, targetScaling, schema } = model;
  const outputs = settings.sizes[settings.sizes.length - 1];
  let value = "features";
  let features = settings.sizes[0];
  if (standardization !== undefined) {
    const { mean, scale, selection } = standardization;
    if (selection !== undefined) {
      features = selection.featureCount;
      const used = BigInt64Array.from(selection.features, BigInt);
      value = graph.node("Gather", [value, graph.constant("used", used, [used.length])], { axis: 1 });
    }
    value = graph.node("Sub", [value, graph.constant("mean", mean, [mean.length])]);
    value = graph.node("Mul", [value, graph.constant("scale", scale, [scale.length])]);
  }
  for (const [index, layer] of model.layers.entries()) {
    const name = `layer${index + 1}`;
    const { inputs, neurons, indptr, indices, values, nnz, bias, activationParameters, activation } = layer;
    const places = new BigInt64Array(nnz);
    for (let row = 0; row < inputs; row++) {
      for (let at = indptr[row]; at < indptr[row + 1]; at++) places[at] = BigInt(row * neurons + indices[at]);
    }
    const weight = graph.sparse(`${name}.weight`, values.subarray(0, nnz), places, [inputs, neurons]);
    value = graph.node("MatMul", [value, weight]);
    value = graph.node("Add", [value, graph.constant(`${name}.bias`, bias, [neurons])]);
    // A slope that was learned is a number like any other by now.
    const parameters = learnsSlope(activation) ? [] : activation.parameters.map((_, part) => {
      const column = Float32Array.from(
        { length: neurons },
        (_, at) => activationParameters[at * activation.parameters.length + part],
      );
      return graph.constant(`${name}.activation${part}`, column, [neurons]);
    });
    value = activate(graph, value, activation.code, layer.slope ?? 0, parameters);
  }
  if (targetScaling !== undefined) {
    const [deviation, mean] = [targetScaling.deviation, targetScaling.mean].map((list) =>
      Float32Array.from(list)
    );
    value = graph.node("Mul", [value, graph.constant("target_deviation", deviation, [outputs])]);
    value = graph.node("Add", [value, graph.constant("target_mean", mean, [outputs])]);
  }
  if (model.temperature !== 1) {
    value = graph.node("Div", [
      value,
      graph.constant("temperature", Float32Array.of(model.temperature), [1]),
    ]);
  }
  const name = settings.task === "regression" ? "values" : "probabilities";
  const loss = lossOf(settings);
  if (loss === "softmax-cross-entropy") graph.node("Softmax", [value], { axis: 1 }, name);
  else if (loss === "squared-error") graph.node("Identity", [value], {}, name);
  else if (isOneSided(settings)) {
    const sides = [graph.node("Neg", [value]), value].map((side) => graph.node("Sigmoid", [side]));
    graph.node("Concat", sides, { axis: 1 }, name);
  } else graph.node("Sigmoid", [value], {}, name);
  const info = (name: string, width: number) => ({
    name,
    type: {
      tensor_type: { elem_type: FLOAT, shape: { dim: [{ dim_param: "samples" }, { dim_value: width }] } },
    },
  });
  return {
    ir_version: IR_VERSION,
    producer_name: "truly-sparse",
    producer_version: VERSION,
    opset_import: [{ domain: "", version: OPERATOR_SET }],
    metadata_props: [
      { key: "class_names", value: JSON.stringify(classNames) },
      ...(schema === undefined ? [] : [
        { key: "feature_names", value: JSON.stringify(inputNames(schema)) },
        { key: "schema", value: JSON.stringify(describeSchema(schema)) },
      ]),
    ],
    graph: {
      ...graph.content,
      name: "truly-sparse",
      input: [info("features", features)],
      output: [info(name, answerCount(settings))],
    },
  };
}

/** The activation of a layer; codes are those of `model/activation.ts`. */
function activate(
  graph: GraphBuilder,
  sum: string,
  code: number,
  slope: number,
  shape: readonly string[],
): string {
  switch (code) {
    case 0:
      return sum;
    case 1:
    case 6:
      return slope === 0 ? graph.node("Relu", [sum]) : graph.node("LeakyRelu", [sum], { alpha: slope });
    case 2:
      return graph.node("Sigmoid", [sum]);
    case 3:
      return graph.node("Tanh", [sum]);
    case 4:
      return graph.node("PRelu", [sum, shape[0]]);
    case 5: {
      const [left, leftSlope, right, rightSlope] = shape;
      const outside = (end: string, slope: string) =>
        graph.node("Add", [end, graph.node("Mul", [graph.node("Sub", [sum, end]), slope])]);
      const above = graph.node("Greater", [sum, right]);
      const inner = graph.node("Where", [above, outside(right, rightSlope), sum]);
      return graph.node("Where", [graph.node("Less", [sum, left]), outside(left, leftSlope), inner]);
    }
    default:
      throw new RangeError(`activation ${code} has no form in ONNX`);
  }
}

/** Gathers nodes and tensors; every value has a name of its own. */
class GraphBuilder {
  readonly content = {
    node: [] as unknown[],
    initializer: [] as unknown[],
    sparse_initializer: [] as unknown[],
  };

  /** Adds a node; returns the name of its output. */
  node(
    operator: string,
    input: readonly string[],
    attributes: { readonly axis?: number; readonly alpha?: number } = {},
    output = `${operator.toLowerCase()}${this.content.node.length}`,
  ): string {
    const attribute = [
      ...(attributes.axis === undefined ? [] : [{ name: "axis", i: attributes.axis, type: 2 }]),
      ...(attributes.alpha === undefined ? [] : [{ name: "alpha", f: attributes.alpha, type: 1 }]),
    ];
    this.content.node.push({ op_type: operator, name: `${output}_node`, input, output: [output], attribute });
    return output;
  }

  /** Adds a dense tensor; returns its name. */
  constant(name: string, numbers: Float32Array | BigInt64Array, dims: readonly number[]): string {
    this.content.initializer.push(tensor(name, numbers, dims));
    return name;
  }

  /** Adds a sparse matrix, its places ascending in row-major order; returns its name. */
  sparse(name: string, values: Float32Array, places: BigInt64Array, dims: readonly number[]): string {
    this.content.sparse_initializer.push({
      values: tensor(name, values, [values.length]),
      indices: tensor(`${name}.places`, places, [places.length]),
      dims,
    });
    return name;
  }
}

function tensor(name: string, numbers: Float32Array | BigInt64Array, dims: readonly number[]): unknown {
  const raw_data = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return { name, dims, data_type: numbers instanceof Float32Array ? FLOAT : INT64, raw_data };
}
