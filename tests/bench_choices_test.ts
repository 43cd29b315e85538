import { assertEquals, assertThrows } from "@std/assert";
import { readSettings } from "../bench/choices.ts";

Deno.test("choices: readSettings() knows suites and their rows, and names what there is beside what is not", () => {
  const { suites, rows, seeds } = readSettings(["suite=rules,path", "rows=SET,slope 0.8", "seeds=4"])!;
  assertEquals([suites, rows, seeds], [["rules", "path"], ["SET", "slope 0.8"], ["4"]]);
  assertEquals(readSettings([])!.suites, ["path", "without", "rules", "slopes", "falling", "told"]);
  assertThrows(
    () => readSettings(["suite=paths"]),
    RangeError,
    'run the suite "paths": did you mean "path"?',
  );
  assertThrows(
    () => readSettings(["suite=x"]),
    RangeError,
    'run the suite "x": there are path, without, rules, slopes, falling, told',
  );
  assertThrows(
    () => readSettings(["suite=path", "rows=SET"]),
    RangeError,
    'run the row "SET": there are the paper\'s,',
  );
  assertThrows(() => readSettings(["row=SET"]), RangeError, 'use "row": did you mean "rows"?');
});
