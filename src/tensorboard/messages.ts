/**
 * The messages of event files, as far as a run uses them, with the numbers TensorBoard gives their fields.
 *
 * @module
 */
import { encoderOf, type Messages } from "../protobuf.ts";

const MESSAGES: Messages = {
  Event: {
    wall_time: ["double", 1],
    step: ["int64", 2],
    file_version: ["string", 3],
    summary: ["Summary", 5],
    session_log: ["SessionLog", 7],
    source_metadata: ["SourceMetadata", 10],
  },
  SessionLog: { status: ["int32", 1] },
  SourceMetadata: { writer: ["string", 1] },
  Summary: { value: ["Value", 1, "repeated"] },
  Value: {
    tag: ["string", 1],
    simple_value: ["float", 2, "one-of"],
    histo: ["Histogram", 5, "one-of"],
    tensor: ["Tensor", 8, "one-of"],
    metadata: ["Metadata", 9],
  },
  Histogram: {
    min: ["double", 1],
    max: ["double", 2],
    num: ["double", 3],
    sum: ["double", 4],
    sum_squares: ["double", 5],
    bucket_limit: ["double", 6, "repeated"],
    bucket: ["double", 7, "repeated"],
  },
  Tensor: { dtype: ["int32", 1], string_val: ["bytes", 8, "repeated"] },
  Metadata: { plugin_data: ["PluginData", 1] },
  PluginData: { plugin_name: ["string", 1] },
};

/** How many numbers lie where: the columns of a histogram. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  /** How many numbers. */
  readonly num: number;
  readonly sum: number;
  readonly sum_squares: number;
  /** Upper end of each column, ascending. */
  readonly bucket_limit: readonly number[];
  /** How many numbers lie in each. */
  readonly bucket: readonly number[];
}

/** One thing that is shown under its tag. */
export type Value =
  & { readonly tag: string }
  & ({ readonly simple_value: number } | { readonly histo: Histogram } | Text);

/** A text as TensorBoard has it: a tensor of strings that its text page is to show. */
interface Text {
  readonly tensor: { readonly dtype: number; readonly string_val: readonly Uint8Array[] };
  readonly metadata: { readonly plugin_data: { readonly plugin_name: string } };
}

/** One record of a file; the first has the version alone. */
export interface Event {
  /** When, in seconds since 1970. */
  readonly wall_time: number;
  readonly step?: number;
  readonly file_version?: string;
  readonly source_metadata?: { readonly writer: string };
  readonly session_log?: { readonly status: number };
  readonly summary?: { readonly value: readonly Value[] };
}

/** What encodes an event. */
export type EncodeEvent = (event: Event) => Uint8Array;

/** Loads what encodes events. */
export function eventEncoder(): Promise<EncodeEvent> {
  return encoderOf(MESSAGES, "Event");
}

/** Of tensors: strings. */
const DT_STRING = 7;

/** A text in Markdown. */
export function textValue(tag: string, markdown: string): Value {
  return {
    tag,
    tensor: { dtype: DT_STRING, string_val: [new TextEncoder().encode(markdown)] },
    metadata: { plugin_data: { plugin_name: "text" } },
  };
}
