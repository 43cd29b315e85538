import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openDelimited } from "../src/data/table/delimited.ts";
import type { CellRole, RolePlan, Table } from "../src/data/table/table.ts";

type Encoded = Awaited<ReturnType<Table["encode"]>>;

const number = (input: number): CellRole => ({ kind: "number", input, offset: 0, factor: 1 });
const skip: CellRole = { kind: "skip" };

let state = 5;
function below(bound: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor(state / 2 ** 32 * bound);
}

/** Numbers of all kinds: those that 32 bits round, those whose spelling decides, quoted ones. */
function cell(): string {
  const value = [
    () => `${below(2e6) / 1000 - 1000}`,
    () => `${16777217 + 2 * below(3)}`,
    () => `"${below(100)}"`,
    () => ` ${below(9)}e-${below(45)} `,
    () => "0.1000000014901161193847656250001",
    () => "9007199254740993",
    () => "-0",
  ];
  return value[below(value.length)]();
}

function tableOf(rows: number, labels: readonly string[]): string {
  const lines = ["a,b,c,d,label"];
  for (let row = 0; row < rows; row++) {
    lines.push([cell(), cell(), cell(), cell(), labels[below(labels.length)]].join(","));
    if (below(50) === 0) lines.push("");
  }
  return lines.join("\n") + "\n";
}

async function withFile(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

/** Compares all bits and counts. */
function requireSame(one: Encoded, two: Encoded): void {
  const bits = ({ buffer, byteOffset, byteLength }: Float32Array | Uint32Array) =>
    new Uint8Array(buffer, byteOffset, byteLength).toHex();
  for (const array of ["features", "labels", "targets", "weights"] as const) {
    assert(bits(one[array]) === bits(two[array]), array);
  }
  assertEquals([one.rows, one.counts], [two.rows, two.counts]);
}

/** Encodes after a profile, without the file; and as two readings do. */
async function bothWays(path: string, plan: RolePlan, threads: number): Promise<[Encoded, Encoded]> {
  const [kept, read] = [await openDelimited(path), await openDelimited(path)];
  const { rows } = await kept.profile({ spelled: [4], threads });
  const right = await read.encode(plan, rows, { threads: 1 });
  await Deno.rename(path, `${path}.away`);
  try {
    return [await kept.encode(plan, rows, { threads }), right];
  } finally {
    await Deno.rename(`${path}.away`, path);
  }
}

const CLASSES = new Map([["1", 0], ["2", 1], ["two, three", 2], ["é", 3]]);
const PLANS: readonly RolePlan[] = [
  {
    roles: [number(0), number(1), number(2), number(3), { kind: "class", classes: CLASSES }],
    inputCount: 4,
    targetCount: 0,
  },
  { roles: [number(1), skip, number(0), { kind: "target", output: 0 }, skip], inputCount: 2, targetCount: 1 },
];

Deno.test("Table.encode() makes of the cells that profile() kept what a second reading makes", async () => {
  for (
    const [rows, labels] of [[3, ["1"]], [40, ["1", "2"]], [60_000, ["é", "1", "2", '"two, three"']]] as const
  ) {
    await withFile(tableOf(rows, labels), async (path) => {
      for (const plan of PLANS) {
        for (const threads of [1, 2, 3]) requireSame(...await bothWays(path, plan, threads));
      }
    });
  }
});

Deno.test("Table.encode() makes the same of kept cells of several windows", async () => {
  // Spellings come in another order in each window.
  const block = tableOf(10_000, ["1", "2"]);
  const later = tableOf(10_000, ["é", "2", "1"]).slice("a,b,c,d,label\n".length);
  const blocks = Math.ceil((9 << 20) / block.length);
  await withFile(block + later.repeat(2 * blocks), async (path) => {
    const [kept, right] = await bothWays(path, PLANS[0], 2);
    requireSame(kept, right);
    assert(kept.counts.vanished.every((count, column) => column === 4 ? count === 0 : count > 0));
  });
});

Deno.test("Table.encode() reads again what profile() could not keep, and notices a change", async () => {
  const plain = { roles: [number(0), skip], inputCount: 1, targetCount: 0 };
  const rows = "1,2\n".repeat(3_000_000);
  const filled = { kind: "number", input: 0, offset: 0, factor: 1, missing: 7 } as const;
  const late: [string, CellRole][] = [["NA", filled], ["x", { ...filled, lenient: true }]];
  for (const [cell, role] of late) {
    const table = await openDelimited(new TextEncoder().encode(`a,b\n${rows}${cell},2\n`));
    const found = await table.profile({ threads: 2 });
    const { features, counts } = await table.encode(
      { ...plain, roles: [role, skip] },
      found.rows,
    );
    assertEquals([features.length, features[2_999_999], features[3_000_000]], [3_000_001, 1, 7]);
    assertEquals(counts.missing[0], 1);
  }
  await withFile("a,b\n1,x\n2,y\n", async (path) => {
    const table = await openDelimited(path);
    const { rows } = await table.profile();
    await Deno.writeTextFile(path, "a,b\n1,x\n2,y\n3,z\n");
    const { message } = await assertRejects(() => table.encode(plain, rows), SyntaxError);
    assertStringIncludes(message, "it changed while it was read");
  });
});

Deno.test("Table.encode() refuses a number that 32 bits cannot hold and a class that is none, read once or twice", async () => {
  const refused = async (text: string, plan: RolePlan) => {
    const table = await openDelimited(new TextEncoder().encode(text));
    const { rows } = await table.profile({ spelled: [1] });
    return (await assertRejects(() => table.encode(plan, rows), Error)).message;
  };
  const roles = [number(0), { kind: "class", classes: new Map([["u", 0]]) } as const];
  const plan = { roles, inputCount: 1, targetCount: 0 };
  assertStringIncludes(await refused("a,b\n1,u\n-1e39,u\n", plan), 'line 3, column 1 ("a")');
  assertStringIncludes(await refused("a,b\n1,u\n2,v\n", plan), 'line 3 of "data"');
});
