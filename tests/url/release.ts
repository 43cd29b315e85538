/**
 * A release of this checkout in a folder of its own, served over loopback HTTP to programs that never saw it.
 *
 * @module
 */
import { libraryName, pin } from "../../kernels/release.ts";

const ROOT = new URL("../../", import.meta.url);

/** The local build, which stands for the published library. */
export const BUILT = new URL("kernels/target/release/libtruly_sparse_kernels.so", ROOT);

/** A release of this checkout, in a folder of its own, served over loopback HTTP. */
export interface Release {
  readonly folder: string;
  readonly origin: string;
  /** An empty folder, where programs run with an empty cache. */
  readonly home: string;
  readonly requests: string[];
}

async function copy(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(new URL(`${name}/`, from), `${to}/${name}`);
    else await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

/** Serves a release for the time of `work`. */
export async function withRelease(
  work: (release: Release) => Promise<void>,
  library: URL = BUILT,
): Promise<void> {
  const base = await Deno.makeTempDir();
  const folder = `${base}/release`;
  await copy(new URL("src/", ROOT), `${folder}/src`);
  for (const file of ["mod.ts", "cli.ts"]) await Deno.copyFile(new URL(file, ROOT), `${folder}/${file}`);
  await Deno.mkdir(`${folder}/prebuilt`);
  await Deno.copyFile(library, `${folder}/prebuilt/${libraryName(Deno.build.target)}`);
  pin(new URL(`file://${folder}/`));
  await Deno.mkdir(`${base}/home`);
  const requests: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    const bytes = await Deno.readFile(folder + pathname).catch(() => undefined);
    const type = pathname.endsWith(".ts") ? "application/typescript" : "application/octet-stream";
    return bytes
      ? new Response(bytes, { headers: { "content-type": type } })
      : new Response(null, { status: 404 });
  });
  try {
    await work({ folder, origin: `http://127.0.0.1:${server.addr.port}`, home: `${base}/home`, requests });
  } finally {
    await server.shutdown();
    await Deno.remove(base, { recursive: true });
  }
}

/** Runs Deno in the empty folder; the arguments are flags and what follows them. */
export async function deno(
  release: Release,
  args: string[],
): Promise<{ code: number; out: string; err: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-config", "--no-lock", ...args],
    cwd: release.home,
    env: {
      HOME: release.home,
      XDG_CACHE_HOME: `${release.home}/cache`,
      DENO_DIR: `${release.home}/deno`,
      NO_COLOR: "1",
    },
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** The flags of a download, by name. */
export function flagsOf(release: Release): Record<string, string> {
  const host = new URL(release.origin).host;
  const cache = `${release.home}/cache/truly-sparse/kernels`;
  return {
    env: "--allow-env=XDG_CACHE_HOME,HOME",
    read: `--allow-read=${cache}`,
    write: `--allow-write=${cache}`,
    net: `--allow-net=${host}`,
    ffi: `--allow-ffi=${cache}`,
  };
}
