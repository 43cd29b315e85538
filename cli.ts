/**
 * The command line: `train`, `evaluate`, `inspect`, `datasets`. See `docs/cli.md`.
 *
 * @module
 */
import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
