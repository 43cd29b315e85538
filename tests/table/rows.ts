/** A table over rows of texts: what the readers of files have to do, as plainly as it can be said. */
import { isNumber } from "../../src/data/labels.ts";
import type {
  CellRole,
  ColumnProfile,
  EncodedRows,
  EncodingCounts,
  FoundCell,
  RolePlan,
  Table,
  TableProfile,
} from "../../src/data/table/table.ts";
import { sharedFloats, sharedWords } from "../../src/sparse/shared.ts";

const MISSING = /^(|\?|na|n\/a|nan|null|none)$/i;
const GATHERED = 300;

/** Makes a table of lines of cells between commas; the first line is the header, unless there is none. */
export function rowsTable(text: string, { name = "rows.csv", header = true } = {}): Table {
  const lines = text.trim().split("\n").map((line) => line.split(","));
  const names = header ? lines[0] : [];
  const rows = header ? lines.slice(1) : lines;
  const firstLine = header ? 2 : 1;
  const columnCount = lines[0].length;
  const found = (row: number, column: number): FoundCell => ({
    line: firstLine + row,
    text: rows[row][column],
  });
  const profile = (spelled: readonly number[] = []): TableProfile => ({
    rows: rows.length,
    columns: Array.from({ length: columnCount }, (_, column): ColumnProfile => {
      const cells = rows.map((row) => row[column]);
      const isMissing = cells.map((cell) => MISSING.test(cell));
      const numbers = cells.filter((cell, row) => !isMissing[row] && isNumber(cell)).map(Number);
      const texts = cells.map((cell, row) => !isMissing[row] && !isNumber(cell));
      const values = new Map<string, number>();
      for (const [row, cell] of cells.entries()) {
        if (!isMissing[row]) values.set(cell, (values.get(cell) ?? 0) + 1);
      }
      const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
      const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
      const [firstText, firstMissing] = [texts.indexOf(true), isMissing.indexOf(true)];
      return {
        name: names[column] ?? "",
        numbers: numbers.length,
        missing: isMissing.filter(Boolean).length,
        texts: texts.filter(Boolean).length,
        minimum: numbers.length === 0 ? NaN : Math.min(...numbers),
        maximum: numbers.length === 0 ? NaN : Math.max(...numbers),
        mean,
        deviation: Math.sqrt(variance),
        whole: numbers.every(Number.isInteger),
        beyondExact: numbers.filter((x) => Math.abs(x) > Number.MAX_SAFE_INTEGER).length,
        ...(values.size <= GATHERED || spelled.includes(column) ? { values } : {}),
        ...(firstText >= 0 && { firstText: found(firstText, column) }),
        ...(firstMissing >= 0 && { firstMissing: found(firstMissing, column) }),
      };
    }),
  });
  const encode = ({ roles, inputCount, targetCount }: RolePlan) => {
    const has = (kind: CellRole["kind"]) => roles.some((role) => role.kind === kind) ? rows.length : 0;
    const encoded = {
      rows: rows.length,
      features: sharedFloats(rows.length * inputCount),
      labels: sharedWords(has("class")),
      targets: sharedFloats(rows.length * targetCount),
      weights: sharedFloats(has("weight")),
    };
    const [missing, unknown, vanished] = [0, 1, 2].map(() => new Float64Array(columnCount));
    const firstUnknown = new Map<number, FoundCell>();
    for (const [row, cells] of rows.entries()) {
      for (const [column, role] of roles.entries()) {
        const cell = cells[column];
        const isMissing = MISSING.test(cell);
        const refuse = () =>
          new SyntaxError(
            `Cannot read "${name}": line ${firstLine + row}, column ${column + 1} holds "${cell}"`,
          );
        const put = (input: number, value: number) => encoded.features[row * inputCount + input] = value;
        switch (role.kind) {
          case "number": {
            const isLost = isMissing || (role.lenient === true && !isNumber(cell));
            if (isLost ? role.missing === undefined : !isNumber(cell)) throw refuse();
            const value = ((isLost ? role.missing! : Number(cell)) - role.offset) * role.factor;
            put(role.input, value);
            if (isLost) missing[column]++;
            if (isLost && role.indicator !== undefined) put(role.indicator, 1);
            break;
          }
          case "category":
            if (isMissing) {
              if (role.missing === undefined) throw refuse();
              if (role.missing >= 0) put(role.missing, 1);
              missing[column]++;
            } else {
              const input = role.inputs.get(cell) ?? role.other;
              if (!role.inputs.has(cell) && unknown[column]++ === 0) {
                firstUnknown.set(column, found(row, column));
              }
              if (input !== undefined) put(input, 1);
            }
            break;
          case "class": {
            const label = isMissing ? role.missing : role.classes.get(cell);
            if (label === undefined) throw refuse();
            encoded.labels[row] = label;
            break;
          }
          case "target":
            if (isMissing ? role.missing === undefined : !isNumber(cell)) throw refuse();
            encoded.targets[row * targetCount + role.output] = isMissing ? role.missing! : Number(cell);
            break;
          case "weight":
            if (!isNumber(cell)) throw refuse();
            encoded.weights[row] = Number(cell);
            break;
          case "skip":
        }
      }
    }
    return { ...encoded, counts: { missing, unknown, firstUnknown, vanished } };
  };
  return {
    name,
    columnNames: names,
    columnCount,
    notices: [],
    profile: (options) => Promise.resolve(profile(options?.spelled)),
    encode: (plan) => Promise.resolve(encode(plan)),
    async *windows(plan): AsyncGenerator<EncodedRows, EncodingCounts> {
      const { counts, ...encoded } = await Promise.resolve(encode(plan));
      yield encoded;
      return counts;
    },
  };
}
