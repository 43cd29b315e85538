import { assertEquals } from "@std/assert";
import { markdown } from "../src/cli/markdown.ts";

/** Formats Markdown as `deno fmt` does a file. */
async function formatted(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

Deno.test('markdown() is what docs/cli.md holds; "deno task docs" writes it anew', async () => {
  const file = await Deno.readTextFile(new URL("../docs/cli.md", import.meta.url));
  assertEquals(file, await formatted(markdown()));
});
