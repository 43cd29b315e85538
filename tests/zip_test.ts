import { assertEquals, assertRejects } from "@std/assert";
import { zipSync } from "npm:fflate@0.8.2";
import { loadFiles } from "../src/data/files.ts";
import { detectFormat } from "../src/data/format.ts";
import { encodeNpy, encodeNpyHeader } from "../src/data/npy.ts";
import { readSource } from "../src/data/source.ts";
import { sampleWindows } from "../src/data/windows.ts";
import { inFolder } from "./temporary.ts";

const text = (lines: string) => new TextEncoder().encode(lines);
const table = text(
  "a,b,label\n" + Array.from({ length: 40 }, (_, row) => `${row},${row % 3},${row % 2}`).join("\n"),
);

async function fault(name: string, bytes: Uint8Array): Promise<string> {
  let message = "";
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/${name}`, bytes);
    const { message: found } = await assertRejects(() => detectFormat(`${folder}/${name}`), SyntaxError);
    message = found.replace(`${folder}/`, "");
  });
  return message;
}

Deno.test("loadFiles() reads the only file of a zip archive as if it lay beside", async () => {
  await inFolder(async (folder) => {
    const files = { "train.csv": table, "__MACOSX/._train.csv": text("x"), "folder/": new Uint8Array(0) };
    for (const [level, name] of [[0, "kaggle_train.csv.zip"], [6, "archive.zip"]] as const) {
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, zipSync(files, { level }));
      const { name: called, train, featureNames } = await loadFiles([path], { testFraction: 0 });
      assertEquals([train.samples, [...featureNames]], [40, ["a", "b"]]);
      assertEquals(called, name.split(".")[0]);
      assertEquals(await readSource(path), table);
    }
  });
});

Deno.test("detectFormat() names the files of an archive that holds several, and what to do", async () => {
  const several = zipSync({ "train.csv": table, "test.csv": table });
  assertEquals(
    await fault("both.zip", several),
    'Cannot read "both.zip": it is a zip archive of 2 files ("train.csv", "test.csv"), one is needed; ' +
      "unpack it and name the files",
  );
  assertEquals(
    await fault("none.zip", zipSync({})),
    'Cannot read "none.zip": it is a zip archive without a file',
  );
});

Deno.test("detectFormat() says in one line what a foreign file is and what to do", async () => {
  const xlsx = zipSync({ "xl/workbook.xml": table, "docProps/app.xml": table });
  const ods = zipSync({ "mimetype": text("application/vnd.oasis"), "content.xml": table });
  const tar = new Uint8Array(512);
  tar.set(text("ustar"), 257);
  const cases: [string, Uint8Array, RegExp][] = [
    [
      "a.arff",
      text("% made by hand\n\n@RELATION flowers\n@data\n1,2\n"),
      /ARFF file \(Weka\); in Weka save it as CSV/,
    ],
    ["a.xlsx", xlsx, /an Excel workbook \(xlsx\); save the sheet as CSV/],
    ["a.xls", Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0), /an Excel workbook \(xls\)/],
    ["a.ods", ods, /an OpenDocument file \(ods\)/],
    [
      "a.h5",
      Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10),
      /an HDF5 file; write its arrays with numpy.savez/,
    ],
    ["a.pkl", Uint8Array.of(0x80, 4, 0x95, 0), /a Python pickle/],
    ["a.rds", Uint8Array.of(0x58, 0x0a, 0, 0, 0, 3), /an R object \(RDS\); write the table with write.csv/],
    ["a.csv", text("<!DOCTYPE html><html>"), /a web page; it may be a failed download/],
    ["a.json", text('[{"a": 1}]'), /JSON/],
    ["a.tar", tar, /a tar archive; unpack it first/],
    ["a.xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a), /packed with xz; unpack it first/],
  ];
  for (const [name, bytes, expected] of cases) {
    const message = await fault(name, bytes);
    assertEquals([name, expected.test(message), message.includes("\n")], [name, true, false], message);
  }
});

Deno.test("detectFormat() takes text for what it is, whatever letters it begins with", async () => {
  await inFolder(async (folder) => {
    for (
      const [at, start] of ["BZ,x", "PK,x", "orchard,x", "RDY,x", "relation,@relation", "Rare,x"].entries()
    ) {
      const path = `${folder}/${at}.csv`;
      await Deno.writeTextFile(path, `${start}\n1,2\n3,4\n`);
      assertEquals((await detectFormat(path)).format, "delimited");
    }
  });
});

Deno.test("sampleWindows() reads the features of a .npz archive, and float16", async () => {
  await inFolder(async (folder) => {
    const x = encodeNpy({ shape: [2, 2], data: Float16Array.of(1, 2.5, 3, 4) });
    const y = encodeNpy({ shape: [2], data: Uint8Array.of(0, 1) });
    const path = `${folder}/x.npz`;
    await Deno.writeFile(path, zipSync({ "X.npy": x, "y.npy": y }));
    const found: number[] = [];
    for await (const { features } of sampleWindows(path, { featureCount: 2, windowBytes: 4 })) {
      found.push(...features);
    }
    assertEquals(found, [1, 2.5, 3, 4]);
    await Deno.writeFile(path, zipSync({ "a.npy": x, "b.npy": y }));
    const none = sampleWindows(path, { featureCount: 2 });
    await assertRejects(() => none.next(), SyntaxError, 'its arrays are "a", "b", expected "x_test" or "x"');
  });
});

Deno.test("loadFiles() keeps labels of text, and whole numbers beyond 2⁵³ apart", async () => {
  await inFolder(async (folder) => {
    const x = encodeNpy({ shape: [4, 1], data: Float16Array.of(1, 2, 3, 4) });
    const ids = [312782592000000017n, 312782592000000016n, 5n, 5n];
    const path = `${folder}/ids.npz`;
    const y = encodeNpy({ shape: [4], data: BigInt64Array.from(ids) });
    await Deno.writeFile(path, zipSync({ "x.npy": x, "y.npy": y }));
    const { classNames, train } = await loadFiles([path], { testFraction: 0 });
    assertEquals(classNames, ["5", "312782592000000016", "312782592000000017"]);
    assertEquals([...train.labels], [2, 1, 0, 0]);
    await Deno.writeFile(path, zipSync({ "x.npy": x, "y.npy": unicode(["rose", "iris", "rose", ""]) }));
    await assertRejects(() => loadFiles([path]), SyntaxError, "label 3 is empty");
    await Deno.writeFile(path, zipSync({ "x.npy": x, "y.npy": unicode(["rose", "iris", "rose", "iris"]) }));
    const flowers = await loadFiles([path], { testFraction: 0 });
    assertEquals([flowers.classNames, [...flowers.train.labels]], [["iris", "rose"], [1, 0, 1, 0]]);
    await Deno.writeFile(path, zipSync({ "x.npy": unicode(["a", "b", "c", "d"]), "y.npy": y }));
    await assertRejects(() => loadFiles([path]), SyntaxError, "Cannot read");
  });
});

/** Text of at most 4 letters as NumPy writes it. */
function unicode(words: readonly string[]): Uint8Array {
  const codes = new Uint32Array(4 * words.length);
  words.forEach((word, at) => codes.set(Array.from(word, (letter) => letter.codePointAt(0)!), 4 * at));
  return new Uint8Array([...encodeNpyHeader("<U4", [words.length]), ...new Uint8Array(codes.buffer)]);
}
