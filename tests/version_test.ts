import { assertEquals, assertMatch } from "@std/assert";
import configuration from "../deno.json" with { type: "json" };
import { VERSION } from "../src/version.ts";

Deno.test("VERSION is the version of deno.json and of the kernels", () => {
  assertEquals(VERSION, configuration.version);
  const manifest = Deno.readTextFileSync(new URL("../kernels/Cargo.toml", import.meta.url));
  assertMatch(manifest, new RegExp(`^version = "${VERSION.replaceAll(".", "\\.")}"$`, "m"));
});
