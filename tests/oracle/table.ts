/** A reader of delimited text, slow and obvious. @module */

/** Rows of cells as they are meant: unquoted, without blanks around them, empty lines left out. */
export function readRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  for (let at = 0; at < text.length;) {
    const row: string[] = [];
    for (let ended = false; !ended;) {
      let [cell, quoted] = ["", false];
      while (text[at] === " ") at++;
      if (text[at] === '"') {
        quoted = true;
        for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
          if (text[at] === '"') at++;
          cell += text[at];
        }
        at++;
        while (text[at] === " ") at++;
      } else {
        while (at < text.length && ![delimiter, "\n", "\r"].includes(text[at])) cell += text[at++];
      }
      row.push(quoted ? cell : cell.trimEnd());
      ended = text[at] !== delimiter;
      if (ended && text[at] === "\r" && text[at + 1] === "\n") at++;
      at++;
      if (ended && (row.length > 1 || quoted || row[0] !== "")) rows.push(row);
    }
  }
  return rows;
}

/** Mean and population standard deviation, the sums in the order of the values. */
export function moments(values: readonly number[]): [mean: number, deviation: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
}
