/**
 * Why a library did not open, in words, and what mends it.
 *
 * @module
 */
import { firstLine } from "./cache.ts";

/** One place that was tried in vain. */
export interface Failure {
  /** What was tried, with its path or address. */
  readonly place: string;
  /** Why it failed. */
  readonly reason: string;
  /** The command or flag that mends it. */
  readonly mend?: string;
}

const ELF_MACHINES: Record<number, string> = {
  0x3e: "x86_64",
  0xb7: "aarch64",
  0x03: "i686",
  0xf3: "riscv64",
};

/** Explains the exception that `Deno.dlopen` threw. */
export function diagnose(place: string, path: string, cause: unknown): Failure {
  const message = firstLine(cause);
  if (cause instanceof Deno.errors.NotCapable) {
    const scope = path.includes(",") ? "" : `=${path}`;
    return {
      place,
      reason: "opening it is not permitted",
      mend: `run again with --allow-ffi${scope}`,
    };
  }
  const glibc = /version [`']GLIBC_([\d.]+)' not found/.exec(message)?.[1];
  if (glibc !== undefined) {
    return {
      place,
      reason: `it needs glibc ${glibc}, which is newer than this system's`,
      mend: `build it on this system with "deno task build"`,
    };
  }
  const found = contentOf(path);
  if (found !== undefined) return { place, reason: found, mend: rebuild };
  if (/No such file|cannot find the (file|path|module)|no such file/i.test(message)) {
    return { place, reason: "there is no such file", mend: rebuild };
  }
  if (/symbol/i.test(message)) {
    return { place, reason: `it is of another version (${message})`, mend: rebuild };
  }
  return { place, reason: message, mend: rebuild };
}

const rebuild = `build the kernels with "deno task build"`;

/** What is wrong with the file at `path` as a library of this machine, where that can be read and seen. */
function contentOf(path: string): string | undefined {
  const header = new Uint8Array(20);
  try {
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
    using file = Deno.openSync(path);
    let length = 0;
    while (length < header.length) {
      const count = file.readSync(header.subarray(length));
      if (count === null) return `it is not a library: it ends after ${length} bytes`;
      length += count;
    }
  } catch (cause) {
    return cause instanceof Deno.errors.NotFound ? "there is no such file" : undefined;
  }
  const elf = header[0] === 0x7f && header[1] === 0x45 && header[2] === 0x4c && header[3] === 0x46;
  if (Deno.build.os !== "linux") return elf ? `it is a library for Linux, not ${Deno.build.os}` : undefined;
  if (!elf) return `it is not a library for Linux: it does not begin as an ELF file`;
  const machine = header[5] === 1 ? header[18] | header[19] << 8 : header[18] << 8 | header[19];
  const name = ELF_MACHINES[machine] ?? `machine ${machine}`;
  return name === Deno.build.arch
    ? undefined
    : `it is built for ${name}, this processor is ${Deno.build.arch}`;
}

/** The message of the error when nothing opened: every place, every reason, and one way out. */
export function explain(failures: readonly Failure[]): string {
  const places = failures.map(({ place, reason }) => `${place}: ${reason}`).join("; ");
  const permission = failures.find(({ mend }) => mend?.includes("--allow-"));
  const mend = (permission ?? failures.find(({ mend }) => mend !== undefined))?.mend ?? rebuild;
  return `Cannot load the kernels for ${Deno.build.target}: tried ${places}; ${mend}`;
}
