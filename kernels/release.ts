/**
 * Makes what a release consists of: stripped libraries in `prebuilt/`, and the manifest in the source that pins
 * each by size and SHA-256.
 *
 * `deno task release` builds for this machine, then pins everything in `prebuilt/`; `--address=URL` says where the
 * libraries will be published, `--no-build` pins those of other machines that were put there. `--glibc=2.17` links
 * with zig (the command in `ZIG`, else `zig`) against that version. See `docs/deploy.md`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { VERSION } from "../src/version.ts";

const ENDINGS = { linux: ".so", darwin: ".dylib", windows: ".dll" } as Record<string, string>;
const PREFIX = `truly_sparse_kernels-${VERSION}-`;

/** Name of the library of one target in a release. */
export function libraryName(target: string): string {
  const os = target.includes("windows") ? "windows" : target.includes("darwin") ? "darwin" : "linux";
  return `${PREFIX}${target}${ENDINGS[os]}`;
}

/** The highest version of glibc whose symbols a library asks for; undefined where it asks for none. */
export function glibcOf(library: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(library);
  const versions = [...text.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [+major, +minor]);
  const [highest] = versions.sort(([a, b], [c, d]) => c - a || d - b);
  return highest?.join(".");
}

/** Writes the manifest of all libraries in `root/prebuilt/` into the source below `root`; returns their names. */
export function pin(root: URL, address?: string): string[] {
  const folder = new URL("prebuilt/", root);
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.startsWith(PREFIX)).sort();
  const libraries = files.map((file) => {
    const bytes = Deno.readFileSync(new URL(file, folder));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const target = file.slice(PREFIX.length, file.lastIndexOf("."));
    const glibc = target.includes("gnu") ? glibcOf(bytes) : undefined;
    return { target, file, bytes: bytes.length, sha256, ...(glibc && { glibc }) };
  });
  const source = new URL("src/native/manifest.ts", root);
  const text = Deno.readTextFileSync(source);
  const manifest = JSON.stringify({ ...(address && { address }), libraries }, null, 2);
  const start = text.indexOf("export const MANIFEST");
  Deno.writeTextFileSync(source, `${text.slice(0, start)}export const MANIFEST: Manifest = ${manifest};\n`);
  return files;
}

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const { success } = await new Deno.Command(command, { args, env, stdout: "inherit", stderr: "inherit" })
    .spawn().status;
  if (!success) throw new Error(`Cannot make the release: ${command} ${args[0]} failed`);
}

/** A linker against another version of glibc; zig brings its own unwinder, so gcc's is not asked for. */
function zigLinker(glibc: string): string {
  const zig = Deno.env.get("ZIG") ?? "zig";
  return `#!/bin/sh
for word do
  shift
  [ "$word" = -lgcc_s ] && word=-lunwind
  set -- "$@" "$word"
done
exec ${zig} cc -target ${Deno.build.arch}-linux-gnu.${glibc} "$@"
`;
}

/** Builds the library of this machine without paths, names or times of this machine in it, and strips it. */
async function build(root: URL, glibc?: string): Promise<void> {
  const place = (url: URL) => decodeURIComponent(url.pathname).replace(/^\/(?=[A-Za-z]:)/, "");
  const cargoHome = Deno.env.get("CARGO_HOME") ??
    `${Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE")}/.cargo`;
  const flags = [
    `--remap-path-prefix=${place(root)}=/truly-sparse/`,
    `--remap-path-prefix=${cargoHome}=/cargo`,
    "-Cstrip=symbols",
  ];
  const target = place(new URL("kernels/target/release-build/", root));
  if (glibc !== undefined) {
    const linker = `${target}zig-cc`;
    await Deno.mkdir(target, { recursive: true });
    await Deno.writeTextFile(linker, zigLinker(glibc), { mode: 0o755 });
    flags.push(`-Clinker=${linker}`);
  }
  await run("cargo", [
    ...["build", "--release", "--locked", "--manifest-path", place(new URL("kernels/Cargo.toml", root))],
    ...["--target-dir", target],
  ], { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") });
  const { os } = Deno.build;
  const built = `${os === "windows" ? "" : "lib"}truly_sparse_kernels${ENDINGS[os]}`;
  await Deno.mkdir(new URL("prebuilt/", root), { recursive: true });
  await Deno.copyFile(
    `${target}release/${built}`,
    new URL(`prebuilt/${libraryName(Deno.build.target)}`, root),
  );
}

/** Throws unless the version is the same wherever it stands. */
function checkVersions(root: URL): void {
  const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
  const cargo = /^version = "([^"]+)"/m.exec(read("kernels/Cargo.toml"))?.[1];
  const found = { "deno.json": JSON.parse(read("deno.json")).version, "kernels/Cargo.toml": cargo };
  for (const [file, version] of Object.entries(found)) {
    if (version !== VERSION) {
      throw new Error(`Cannot make the release: ${file} has version ${version}, src/version.ts ${VERSION}`);
    }
  }
  if (!read("CHANGELOG.md").includes(`## ${VERSION}`)) {
    throw new Error(`Cannot make the release: CHANGELOG.md has no entry for ${VERSION}`);
  }
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const option = (name: string) =>
    Deno.args.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  checkVersions(root);
  if (!Deno.args.includes("--no-build")) await build(root, option("glibc"));
  for (const file of pin(root, option("address"))) {
    const bytes = Deno.readFileSync(new URL(`prebuilt/${file}`, root));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    console.log(`${file} ${bytes.length} bytes, sha256 ${sha256}, glibc ${glibcOf(bytes) ?? "none"}`);
  }
}
