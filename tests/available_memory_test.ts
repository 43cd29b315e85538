import { assert, assertEquals } from "@std/assert";
import { availableMemory, groupMemory } from "../src/cli/available_memory.ts";

/** Files of the system in a folder of their own. */
async function withFiles(
  files: Record<string, string>,
  work: (root: string) => void,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${root}/${path}`, text);
    }
    work(`${root}/`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("groupMemory() finds the least that a group and those around it leave", () =>
  withFiles({
    "proc/self/cgroup": "0::/jobs/mine\n",
    "sys/fs/cgroup/jobs/memory.max": "1000\n",
    "sys/fs/cgroup/jobs/memory.current": "900\n",
    "sys/fs/cgroup/jobs/memory.stat": "anon 100\ninactive_file 300\n",
    "sys/fs/cgroup/jobs/mine/memory.max": "max\n",
    "sys/fs/cgroup/jobs/mine/memory.current": "800\n",
  }, (root) => assertEquals(groupMemory(root), 400)));

Deno.test("groupMemory() reads groups of the first version, and those of a container, whose path is not seen", () =>
  withFiles({
    "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/abc\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "5000",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000",
    "sys/fs/cgroup/memory/memory.stat": "inactive_file 7\ntotal_inactive_file 500\n",
  }, (root) => assertEquals(groupMemory(root), 4500)));

Deno.test("groupMemory() is without limit where there is none, or nothing of it can be read", async () => {
  await withFiles({}, (root) => assertEquals(groupMemory(root), Infinity));
  await withFiles({
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/memory.max": "max\n",
  }, (root) => assertEquals(groupMemory(root), Infinity));
});

Deno.test("availableMemory() is no more than a group leaves, nor than the machine has", () =>
  withFiles({
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/memory.max": "4096",
  }, (root) => {
    assertEquals(availableMemory(root), 4096);
    assert(availableMemory()! <= Deno.systemMemoryInfo().total);
  }));
