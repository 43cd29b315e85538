import { assert, assertEquals, assertMatch } from "@std/assert";
import { browserTest, overhang, watchedPage } from "./chromium.ts";

const ROOT = new URL("../../", import.meta.url);
const RUN = ["train", "--epochs", "20", "--parallel", "wasap", "--workers", "2"];

/** What a page of another origin tries: to read, to send, to run a script of the page, to listen, to read blindly. */
const ATTEMPTS = `async (address) => {
  const reached = (work) => work.then(() => "reached", () => "refused");
  const script = new Promise((resolve, reject) => {
    const element = document.createElement("script");
    [element.src, element.onload, element.onerror] = [address + "client.js", resolve, reject];
    document.head.append(element);
  });
  const heard = new Promise((resolve, reject) => {
    const source = new EventSource(address + "events");
    source.onopen = resolve;
    source.onerror = () => (source.close(), reject());
  });
  return [
    await reached(fetch(address + "events")),
    await reached(fetch(address, { method: "POST", body: "x" })),
    await reached(script),
    await reached(heard),
    await fetch(address, { mode: "no-cors" }).then(({ type }) => type, () => "refused"),
  ];
}`;

/** A run of the command line with a dashboard, from its address on. */
async function running(args: readonly string[], program = "cli.ts") {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", `${ROOT}${program}`, ...args, "--dashboard=0"],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let [err, ended, more] = ["", false, Promise.withResolvers<void>()];
  const heard = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += text;
      more.resolve();
      more = Promise.withResolvers();
    }
    ended = true;
    more.resolve();
  })();
  /** What matches, once the run has said it. */
  const said = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(err);
      if (found !== null) return found[0];
      if (ended) throw new Error(err);
      await more.promise;
    }
  };
  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await child.status;
  };
  return {
    address: (await said(/^Dashboard at http:\S+$/m)).slice("Dashboard at ".length),
    said,
    interrupt: () => child.kill("SIGINT"),
    goOn: () => child.stdin.close(),
    ended: async () => {
      const { code } = await child.status;
      await heard;
      return { code, err };
    },
    [Symbol.asyncDispose]: stop,
  };
}

browserTest(
  "train --dashboard shows a run of 20 epochs with two workers, on several pages, opened late too",
  async (browser) => {
    await using run = await running(RUN, "tests/browser/held.ts");
    const early = await watchedPage(browser);
    await early.page.goto(run.address);
    await early.page.locator("#status", { hasText: /^Training/ }).waitFor();
    await run.said(/^Held after epoch 10$/m);
    const late = await watchedPage(browser, { width: 390, height: 800 });
    const second = await watchedPage(early.page.context());
    for (const { page } of [late, second]) {
      await page.goto(run.address);
      await page.locator("#status", { hasText: "Training: 10 of 20 epochs done" }).waitFor();
    }
    await run.goOn();
    for (const { page, errors } of [early, late, second]) {
      const status = page.locator("#status");
      await status.filter({ hasText: /^Ended/ }).waitFor();
      assertEquals(await status.textContent(), "Ended (finished) after 20 of 20 epochs");
      assertMatch((await page.locator("#figures").textContent())!, /Density\d+\.\d+ %/);
      assertMatch((await page.locator("#loss").getAttribute("aria-label"))!, /training [\d.]+, test [\d.]+$/);
      assertMatch((await page.locator("#score").getAttribute("aria-label"))!, /test [\d.]+ %$/);
      assertEquals(await page.locator("#inputs li").count(), 12);
      assertEquals(await page.locator("#workers tr").count(), 2);
      await page.locator("summary", { hasText: "Epochs as a table" }).click();
      await page.locator("#epochs tbody tr").nth(19).waitFor();
      assertEquals(await page.locator("#epochs tbody tr").first().locator("td").first().textContent(), "20");
      assertEquals(await overhang(page), 0);
      assertEquals(errors, []);
    }
    const { code, err } = await run.ended();
    assertEquals(code, 0, err);
    assertEquals(await early.page.locator("#status").textContent(), "Ended (finished) after 20 of 20 epochs");
  },
);

browserTest(
  "train --dashboard shows past epochs to a page opened late, and that Ctrl-C ended the run",
  async (browser) => {
    await using run = await running(["train", "--epochs", "100000", "--hidden", "300,300"]);
    const early = await watchedPage(browser);
    await early.page.goto(run.address);
    await early.page.locator("#status", { hasText: /^Training: ([5-9]|\\d\\d)/ }).waitFor();
    const late = await watchedPage(browser, { width: 375, height: 800 });
    await late.page.goto(run.address);
    await late.page.locator("#status", { hasText: /^Training/ }).waitFor();
    assertMatch(
      (await late.page.locator("#loss").getAttribute("aria-label"))!,
      /training [\d.]+, test [\d.]+$/,
    );
    run.interrupt();
    const { code, err } = await run.ended();
    assertEquals(code, 130, err);
    for (const { page, errors } of [early, late]) {
      const status = page.locator("#status", { hasText: /^Ended/ });
      await status.waitFor();
      assertMatch((await status.textContent())!, /^Ended \(interrupted\) after \d+ of 100000 epochs$/);
      await page.locator("summary", { hasText: "Epochs as a table" }).click();
      await page.locator("#epochs tbody tr").nth(4).waitFor();
      const told = Number(/after (\d+)/.exec((await status.textContent())!)![1]);
      const rows = await page.locator("#epochs tbody tr").count();
      assert(rows >= 5 && rows <= told, `${rows} rows of ${told} epochs`);
      assertEquals(errors, []);
    }
  },
);

browserTest("train --dashboard lets no page of another origin read or change anything", async (browser) => {
  await using run = await running(["train", "--epochs", "100000", "--hidden", "300,300"]);
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<!DOCTYPE html><title>other</title>", { headers: { "content-type": "text/html" } }),
  );
  const { page } = await watchedPage(browser);
  await page.goto(`http://localhost:${other.addr.port}/`);
  const attempts = await page.evaluate(`(${ATTEMPTS})("${run.address}")`) as string[];
  assertEquals(attempts.slice(0, 4), ["refused", "refused", "refused", "refused"]);
  assert(["refused", "opaque"].includes(attempts[4]));
  // The run's own page is still answered.
  const own = await watchedPage(browser);
  await own.page.goto(run.address);
  await own.page.locator("#status", { hasText: /^Training/ }).waitFor();
  assertEquals(own.errors, []);
});

browserTest("train --dashboard: a page that cannot hear the run says so", async (browser) => {
  await using run = await running(["train", "--epochs", "100000", "--hidden", "300,300"]);
  const { page } = await watchedPage(browser);
  await page.addInitScript(`globalThis.SharedWorker = class {
    port = {};
    constructor() { setTimeout(() => this.onerror()); }
  }`);
  await page.goto(run.address);
  await page.locator("#status", { hasText: /^The run cannot be reached/ }).waitFor();
});
