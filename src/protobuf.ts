/**
 * Protobuf messages by a table of their fields: protobufjs writes them, and is loaded with the first.
 *
 * @module
 */
import type { INamespace } from "npm:protobufjs@8.8.1/light.js";

/**
 * A field of a message: its type, its number, and whether there may be several, or it is one of those of which a message
 * has one. Of the latter, zeros are written too; elsewhere what is not written is zero.
 */
type Field = readonly [type: string, id: number, rule?: "repeated" | "one-of"];

/** Messages by name, which name each other in the types of their fields. */
export type Messages = Readonly<Record<string, Readonly<Record<string, Field>>>>;

/**
 * What encodes messages of one type. Fields that an object does not have are left out.
 *
 * @param messages The type, and those it uses.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encoderOf } from "./protobuf.ts";
 *
 * const encode = await encoderOf({ Point: { x: ["int32", 1] } }, "Point");
 * assertEquals([...encode({ x: 5 })], [1 << 3, 5]);
 * ```
 */
export async function encoderOf(messages: Messages, type: string): Promise<(message: object) => Uint8Array> {
  const { Root } = (await import("npm:protobufjs@8.8.1/light.js")).default;
  const nested = Object.entries(messages).map(([name, fields]) => [name, described(fields)]);
  const found = Root.fromJSON({ nested: Object.fromEntries(nested) } as INamespace).lookupType(type);
  return (message) => found.encode(message as Record<string, unknown>).finish();
}

function described(fields: Messages[string]): INamespace {
  const rows = Object.entries(fields);
  const oneOf = rows.flatMap(([name, [, , rule]]) => rule === "one-of" ? [name] : []);
  const written = rows.map(([name, [type, id, rule]]) => [
    name,
    { type, id, ...(rule === "repeated" && { rule }) },
  ]);
  return {
    fields: Object.fromEntries(written),
    ...(oneOf.length > 0 && { oneofs: { content: { oneof: oneOf } } }),
  } as INamespace;
}
