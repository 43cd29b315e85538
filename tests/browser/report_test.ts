import { assert, assertEquals } from "@std/assert";
import { browserTest, overhang, watchedPage } from "./chromium.ts";
import { main } from "../../src/cli/main.ts";

/** A table whose names and classes are markup, in a column of which cells are missing; the last class is rare. */
const UGLY = [
  `id,<script>alert(1)</script>,"a, b & ""c""",${"x".repeat(200)},kind`,
  ...Array.from({ length: 120 }, (_, row) => {
    const kind = row % 50 === 7 ? "rare" : ["<b>one</b>", "'two'"][row % 2];
    return [row, row % 9 === 0 ? "" : (row % 2) + row / 100, row % 7, row % 5 * 1e6, kind].join(",");
  }),
].join("\n");

browserTest(
  "report writes a page that fits a phone and a desk, and needs nothing beside itself",
  async (browser) => {
    const folder = await Deno.makeTempDir();
    try {
      const [model, path] = [`${folder}/model.safetensors`, `${folder}/model.html`];
      await Deno.writeTextFile(`${folder}/ugly.csv`, UGLY);
      const data = ["--data", `${folder}/ugly.csv`, "--label-column", "kind"];
      const train = ["train", "--quiet", ...data, "--epochs", "5", "--hidden", "30", "--output", model];
      const print = console.log;
      console.log = () => {};
      try {
        assertEquals([await main(train), await main(["report", model, "--output", path])], [0, 0]);
      } finally {
        console.log = print;
      }
      for (
        const [width, colorScheme] of [[375, "light"], [375, "dark"], [1200, "light"], [
          1200,
          "dark",
        ]] as const
      ) {
        const { page, errors } = await watchedPage(browser, { width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const asked: string[] = [];
        page.on("request", (request) => void asked.push(request.url()));
        page.on("dialog", (dialog) => (errors.push(dialog.message()), dialog.dismiss()));
        await page.goto(`file://${path}`);
        await page.locator("h1").waitFor();
        assertEquals(await overhang(page), 0, `at ${width} pixels`);
        assert(await page.locator("svg").count() >= 3);
        for (const picture of await page.locator("svg[role=img], [role=img] svg").all()) {
          assert((await picture.boundingBox())!.width <= width);
        }
        assertEquals(asked, [`file://${path}`]);
        assertEquals(errors, []);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
