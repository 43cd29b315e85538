import { assert, assertEquals } from "@std/assert";
import { browserTest, overhang, watchedPage } from "./chromium.ts";
import { main } from "../../src/cli/main.ts";

browserTest(
  "report writes a page that fits a phone and a desk, and needs nothing beside itself",
  async (browser) => {
    const folder = await Deno.makeTempDir();
    try {
      const [model, path] = [`${folder}/model.safetensors`, `${folder}/model.html`];
      const train = ["train", "--quiet", "--epochs", "5", "--hidden", "30", "--output", model];
      const print = console.log;
      console.log = () => {};
      try {
        assertEquals([await main(train), await main(["report", model, "--output", path])], [0, 0]);
      } finally {
        console.log = print;
      }
      for (const [width, colorScheme] of [[390, "light"], [1280, "dark"]] as const) {
        const { page, errors } = await watchedPage(browser, { width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const asked: string[] = [];
        page.on("request", (request) => void asked.push(request.url()));
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
