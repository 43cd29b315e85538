/**
 * Files that people bring and that are not read: what they are, and what to do.
 *
 * @module
 */

/** Bytes a format has at a place, its name, and what to do. */
type Mark = readonly [bytes: readonly number[] | string, what: string, advice: string, at?: number];

const SPREADSHEET = "save the sheet as CSV";
const UNPACK = "unpack it first";
const TO_CSV = "write the table as CSV or Parquet";

const MARKS: readonly Mark[] = [
  [
    [0x89, 0x48, 0x44, 0x46],
    "an HDF5 file",
    "write its arrays with numpy.savez, or its table as CSV or Parquet",
  ],
  ["MATLAB 5.0 MAT-file", "a MATLAB file", "write its matrix with writematrix as CSV"],
  [[0xd0, 0xcf, 0x11, 0xe0], "an Excel workbook (xls)", SPREADSHEET],
  ["RDX", "an R data file", "write the table with write.csv in R"],
  [[0x58, 0x0a, 0, 0, 0], "an R object (RDS)", "write the table with write.csv in R"],
  ["ARROW1", "an Arrow (Feather) file", TO_CSV],
  ["FEA1", "a Feather file", TO_CSV],
  ["ORC", "an ORC file", TO_CSV],
  ["SQLite format 3\0", "an SQLite database", "export the table as CSV"],
  ["$FL2", "an SPSS file", TO_CSV],
  ["<stata_dta>", "a Stata file", TO_CSV],
  ["%PDF", "a PDF document", "bring its table as CSV"],
  [[0x89, 0x50, 0x4e, 0x47], "a PNG image", "gather the images in one array with numpy.savez"],
  [[0xff, 0xd8, 0xff], "a JPEG image", "gather the images in one array with numpy.savez"],
  ["ustar", "a tar archive", UNPACK, 257],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "packed with xz", UNPACK],
  ["BZh", "packed with bzip2", UNPACK],
  [[0x28, 0xb5, 0x2f, 0xfd], "packed with zstd", UNPACK],
  [[0x37, 0x7a, 0xbc, 0xaf], "a 7z archive", UNPACK],
  ["Rar!", "a RAR archive", UNPACK],
];

/** Names within a zip archive that tell what it is. */
const ZIPPED: readonly (readonly [name: RegExp, what: string, advice: string])[] = [
  [/^xl\//, "an Excel workbook (xlsx)", SPREADSHEET],
  [/^word\//, "a Word document", "bring its table as CSV"],
  [/^content\.xml$/, "an OpenDocument file (ods)", SPREADSHEET],
  [/(^|\/)data\.pkl$/, "a PyTorch file", "write its arrays with numpy.savez"],
];

/** First lines of texts that are no tables. */
const TEXTS: readonly (readonly [start: RegExp, what: string, advice: string])[] = [
  [/^(\s*%[^\n]*\n|\s+)*@relation\s/i, "an ARFF file (Weka)", "in Weka save it as CSV, or use scipy.io.arff"],
  [/^\s*<(!doctype\s+html|html)/i, "a web page", "it may be a failed download; fetch the file itself"],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS, not the file itself", "fetch that with git lfs pull"],
  [/^\s*\[?\s*\{\s*"/, "JSON", "write the table as CSV"],
];

/**
 * What a file is that cannot be read, and what to do; undefined when nothing is known against it.
 *
 * @param head How the file begins, unpacked.
 */
export function foreignFormat(head: Uint8Array): string | undefined {
  const mark = MARKS.find(([bytes, , , at = 0]) => holds(head, bytes, at));
  if (mark !== undefined) return `it is ${mark[1]}; ${mark[2]}`;
  // A pickle begins with its protocol and a frame or an opcode, which no text does.
  if (head[0] === 0x80 && head[1] >= 2 && head[1] <= 5) return `it is a Python pickle; ${TO_CSV}`;
  const start = new TextDecoder().decode(head.subarray(0, 4096));
  const text = TEXTS.find(([pattern]) => pattern.test(start));
  return text === undefined ? undefined : `it is ${text[1]}; ${text[2]}`;
}

/** As {@linkcode foreignFormat}, of an archive by the names of its files. */
export function foreignArchive(names: readonly string[]): string | undefined {
  const found = ZIPPED.find(([pattern]) => names.some((name) => pattern.test(name)));
  return found === undefined ? undefined : `it is ${found[1]}; ${found[2]}`;
}

function holds(head: Uint8Array, bytes: readonly number[] | string, at: number): boolean {
  const codes = typeof bytes === "string" ? Array.from(bytes, (letter) => letter.charCodeAt(0)) : bytes;
  return codes.every((code, index) => head[at + index] === code);
}
