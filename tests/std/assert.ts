/** The assertions of the Deno standard library (jsr:@std/assert), from npm's copy, with their types. @module */
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
