/**
 * The processor that a bench runs on, as its results name it.
 *
 * @module
 */
import { arch, cpus } from "node:os";
import { plural } from "../src/format.ts";

/** Instruction sets that the kernels know, the lowest first; `unknown` where this system does not tell its own. */
export type Level = "portable" | "avx2" | "avx512" | "unknown";

/** What `TRULY_SPARSE_SIMD` may lower the kernels to, by the environment that lowers PyTorch and its libraries alike. */
const LOWERED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  avx2: { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_ENABLE_INSTRUCTIONS: "AVX2" },
  portable: {
    ATEN_CPU_CAPABILITY: "default",
    ONEDNN_MAX_CPU_ISA: "SSE41",
    MKL_ENABLE_INSTRUCTIONS: "SSE4_2",
  },
};

/** What people call them. */
export const LEVEL_NAMES: Readonly<Record<Level, string>> = {
  portable: "portable code",
  avx2: "AVX2",
  avx512: "AVX-512",
  unknown: "instruction set unknown",
};

/** What a time depends on besides the code. */
export interface Processor {
  /** The maker's name of it. */
  readonly model: string;
  /** Vendor, family, model and stepping in numbers, where hypervisors shorten the name: "AuthenticAMD 26/2/1". */
  readonly identity: string;
  /** What the kernels use, `TRULY_SPARSE_SIMD` obeyed. */
  readonly level: Level;
  /** Bytes of the first-level data cache of one core. */
  readonly l1: number | "unknown";
  /** Bytes of the second-level cache of one core. */
  readonly l2: number | "unknown";
  /** Bytes of the third-level cache that this core shares. */
  readonly l3: number | "unknown";
  /** Logical cores that this process may use. */
  readonly cores: number;
}

/**
 * Reads what Linux tells in `/proc/cpuinfo` and `/sys/devices/system/cpu`; what it may not read, or another system has
 * not, is "unknown". It never fails.
 *
 * @param simd The level asked for, by default that of `TRULY_SPARSE_SIMD`.
 */
export function processor(simd: string | undefined = wanted()): Processor {
  const info = read("/proc/cpuinfo");
  const field = (name: string) => info?.match(new RegExp(`^${name}\\s*:\\s*(.*)$`, "m"))?.[1];
  const identity = ["cpu family", "model", "stepping"].map((name) => field(name) ?? "?").join("/");
  return {
    model: field("model name") ?? tell(() => cpus()[0]?.model.trim()) ?? "unknown",
    identity: info === undefined ? "unknown" : `${field("vendor_id") ?? "unknown"} ${identity}`,
    level: levelOf(field("flags")?.split(" "), simd),
    ...cacheSizes(),
    cores: tell(() => navigator.hardwareConcurrency) ?? 1,
  };
}

/** One line for people: "AMD EPYC (AuthenticAMD 26/2/1), AVX-512, 48 KiB / 1 MiB / 32 MiB of cache, 2 cores". */
export function describeProcessor({ model, identity, level, l1, l2, l3, cores }: Processor): string {
  const name = identity === "unknown" ? model : `${model} (${identity})`;
  const caches = [l1, l2, l3].map(bytes).join(" / ");
  return `${name}, ${LEVEL_NAMES[level]}, ${caches} of cache, ${plural(cores, "core")}`;
}

/**
 * The environment of the processes that a bench starts with `--simd`: ours and PyTorch's.
 *
 * @param simd Undefined for what the processor has.
 * @throws {RangeError} When the level is none that the kernels can be lowered to.
 */
export function simdEnvironment(simd: string | undefined): Record<string, string> {
  if (simd === undefined) return {};
  if (Object.hasOwn(LOWERED, simd)) return { TRULY_SPARSE_SIMD: simd, ...LOWERED[simd] };
  throw new RangeError(`Cannot use --simd ${simd}: the levels are ${Object.keys(LOWERED).join(" and ")}`);
}

/**
 * Lowers the kernels of this very process, before its first call of one: they read the level once.
 *
 * @throws {RangeError} As {@linkcode simdEnvironment}.
 */
export function lowerTo(simd: string | undefined): void {
  for (const [name, value] of Object.entries(simdEnvironment(simd))) Deno.env.set(name, value);
}

/** The kernels' own rule, `level` in kernels/src/base/simd/mod.rs. */
function levelOf(flags: readonly string[] | undefined, simd: string | undefined): Level {
  if (simd === "portable" || !["x64", "ia32"].includes(arch())) return "portable";
  if (flags === undefined) return "unknown";
  const has = (...names: string[]) => names.every((name) => flags.includes(name));
  if (simd !== "avx2" && has("avx512f")) return "avx512";
  return has("avx2", "fma") ? "avx2" : "portable";
}

function cacheSizes(): Pick<Processor, "l1" | "l2" | "l3"> {
  const sizes: Pick<Processor, "l1" | "l2" | "l3"> = { l1: "unknown", l2: "unknown", l3: "unknown" };
  for (let index = 0; index < 8; index++) {
    const of = (name: string) => read(`/sys/devices/system/cpu/cpu0/cache/index${index}/${name}`)?.trim();
    const [number, unit] = of("size")?.match(/^(\d+)([KM]?)$/)?.slice(1) ?? [];
    const level = of("level");
    if (number === undefined || of("type") === "Instruction" || !["1", "2", "3"].includes(level ?? "")) {
      continue;
    }
    const factor = { K: 2 ** 10, M: 2 ** 20 }[unit] ?? 1;
    Object.assign(sizes, { [`l${level}`]: Number(number) * factor });
  }
  return sizes;
}

function bytes(size: number | "unknown"): string {
  if (size === "unknown") return "unknown";
  return size >= 2 ** 20 ? `${size / 2 ** 20} MiB` : `${size / 2 ** 10} KiB`;
}

function wanted(): string | undefined {
  return tell(() => Deno.env.get("TRULY_SPARSE_SIMD"));
}

function read(path: string): string | undefined {
  return tell(() => Deno.readTextFileSync(path));
}

/** What a question answers, nothing where it is not permitted or there is no such thing. */
function tell<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

if (import.meta.main) console.log(describeProcessor(processor()));
