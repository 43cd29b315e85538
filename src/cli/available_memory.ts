/**
 * Memory a run may take: what the machine has free, or less where a control group (a container, a batch job) says so.
 *
 * @module
 */

/** Files of a version of control groups. */
interface Version {
  /** The line of `/proc/self/cgroup` that names the group. */
  readonly line: RegExp;
  readonly folder: string;
  readonly limit: string;
  readonly usage: string;
  /** In `memory.stat`: what is cached of files and given back when it is needed. */
  readonly cached: RegExp;
}

const VERSIONS: readonly Version[] = [
  {
    line: /^0::(.*)$/m,
    folder: "sys/fs/cgroup",
    limit: "memory.max",
    usage: "memory.current",
    cached: /^inactive_file (\d+)$/m,
  },
  {
    line: /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(.*)$/m,
    folder: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    cached: /^total_inactive_file (\d+)$/m,
  },
];

/**
 * Bytes that a run may take.
 *
 * Limits of groups are in files of the system, which Deno lets be read with `--allow-all` alone; without, it is what the
 * machine has free.
 *
 * @param root Where the files of the system are. @default {"/"}
 * @returns Undefined where the program may not ask.
 */
export function availableMemory(root = "/"): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  if (state !== "granted") return undefined;
  return Math.min(Deno.systemMemoryInfo().available, groupMemory(root));
}

/** What the groups of this process leave it; Infinity where none limits it or that cannot be seen. */
export function groupMemory(root: string): number {
  const groups = read(`${root}proc/self/cgroup`) ?? "";
  let least = Infinity;
  for (const version of VERSIONS) {
    const path = version.line.exec(groups)?.[1];
    if (path === undefined) continue;
    // A group is bound by those around it too; in a container its own may be the root that is seen.
    const names = path.split("/").filter((name) => name !== "");
    for (let depth = names.length; depth >= 0; depth--) {
      const folder = [root + version.folder, ...names.slice(0, depth)].join("/");
      least = Math.min(least, leftIn(folder, version));
    }
  }
  return least;
}

function leftIn(folder: string, { limit, usage, cached }: Version): number {
  const most = Number(read(`${folder}/${limit}`) ?? NaN);
  if (!Number.isFinite(most)) return Infinity; // "max", or no such file.
  const used = Number(read(`${folder}/${usage}`) ?? 0);
  const reclaimable = Number(cached.exec(read(`${folder}/memory.stat`) ?? "")?.[1] ?? 0);
  return Math.max(0, most - used + reclaimable);
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
