/** The system's Chromium, driven by playwright-core, which downloads no browser of its own. */
import { type Browser, type BrowserContext, chromium, type Page } from "npm:playwright-core@1.65.1";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** Milliseconds a condition may take: generous, so that a slow machine is no failure. */
const PATIENCE_MS = 60_000;

const found = PLACES.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Registers a test in a browser; shown as ignored where there is no Chromium. */
export function browserTest(name: string, body: (browser: Browser) => Promise<void>): void {
  Deno.test({
    name,
    ignore: found === undefined,
    // The driver's pipes and timers end with the browser, some of them a little later.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const browser = await chromium.launch({ executablePath: found!, args: ["--no-sandbox"] });
      try {
        await body(browser);
      } finally {
        await browser.close();
      }
    },
  });
}

/** A page, and what went wrong in it: errors of its scripts, and what its console says of them. */
export interface Watched {
  readonly page: Page;
  readonly errors: string[];
}

/** Opens an empty page that is watched for errors; beside others, where their context is given. */
export async function watchedPage(
  browser: Browser | BrowserContext,
  size = { width: 1280, height: 900 },
): Promise<Watched> {
  const context = "contexts" in browser ? await browser.newContext({ viewport: size }) : browser;
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  return { page, errors };
}

/** Pixels that a page is wider than its window: 0 where nobody has to scroll sideways. */
export async function overhang(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - innerWidth") as number;
}
