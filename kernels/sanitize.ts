/**
 * Runs the tests of the kernels under ThreadSanitizer or AddressSanitizer.
 *
 * Run by `deno task sanitize thread` or `address`; see docs/shared-memory.md. Needs a nightly toolchain: the option is
 * unstable, and the standard library that comes with it is not instrumented, so what rayon and crossbeam order through
 * it looks like races. `sanitize.supp` names their functions, none of which calls a kernel.
 *
 * @module
 */

const KINDS = ["thread", "address"];
/** The sanitizer knows nothing of other systems' C libraries and linkers. */
const TARGET = "x86_64-unknown-linux-gnu";

const manifest = new URL("./Cargo.toml", import.meta.url).pathname;
const suppressions = new URL("./sanitize.supp", import.meta.url).pathname;

/** Runs the tests and returns whether they passed and the sanitizer was content. */
async function test(kind: string, rest: readonly string[]): Promise<boolean> {
  const { code } = await new Deno.Command("cargo", {
    args: [
      ...["+nightly", "test", "--locked", "--manifest-path", manifest, "--target", TARGET],
      ...["--target-dir", new URL(`./target/sanitize-${kind}`, import.meta.url).pathname],
      // One test at a time: the harness hands over results through the standard library, too.
      ...["--lib", "--tests", "--", "--test-threads=1", ...rest],
    ],
    env: {
      RUSTFLAGS: `-Zsanitizer=${kind} -Cunsafe-allow-abi-mismatch=sanitizer`,
      TSAN_OPTIONS: `suppressions=${suppressions}`,
    },
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return code === 0;
}

const [kind] = Deno.args;
if (!KINDS.includes(kind)) {
  console.error(`Cannot run a sanitizer: expected ${KINDS.join(" or ")}, found ${kind ?? "nothing"}`);
  Deno.exit(2);
}
const clean = await test(kind, []);
// What finds nothing must be shown to find something: a test that races on purpose has to fail.
const sees = kind !== "thread" || !await test(kind, ["--ignored", "race_on_purpose"]);
if (!sees) console.error("Cannot trust the sanitizer: it did not see the race that is there on purpose");
else if (clean) console.error(`The ${kind} sanitizer has found nothing`);
Deno.exit(clean && sees ? 0 : 1);
