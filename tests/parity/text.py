"""Numbers for csv_test.ts and svmlight_test.ts, computed without this package: python3 text.py DATA_FOLDER"""

import collections
import gzip
import struct
import sys


def nearest_f32(text):
    return struct.unpack("f", struct.pack("f", float(text)))[0]


def sums(values):
    """A sum, and one that depends on the place of each value."""
    return sum(values), sum(value * (index % 97) for index, value in enumerate(values))


def main(folder):
    for name in ["higgs_train_10k.csv", "higgs_test_5k.csv"]:
        rows = [line.strip().split(",") for line in open(f"{folder}/higgs/{name}")][1:]
        classes = collections.Counter(float(row[0]) for row in rows)
        print(name, len(rows), len(rows[0]) - 1, classes, sums([nearest_f32(cell) for row in rows for cell in row[1:]]))
    for name in ["madelon_train", "madelon_valid"]:
        rows = [line.split() for line in open(f"{folder}/madelon/{name}.data")]
        classes = collections.Counter(open(f"{folder}/madelon/{name}.labels").read().split())
        print(name, len(rows), len(rows[0]), classes, sums([int(cell) for row in rows for cell in row]))
    for name in ["a9a.gz", "a9a.t.gz"]:
        rows = [line.split() for line in gzip.open(f"{folder}/a9a/{name}", "rt")]
        indices = [[int(pair.split(":")[0]) for pair in row[1:]] for row in rows]
        ones = sum(float(pair.split(":")[1]) for row in rows for pair in row[1:])
        places = sum((123 * row + index - 1) % 97 for row, of_row in enumerate(indices) for index in of_row)
        classes = collections.Counter(row[0] for row in rows)
        print(name, len(rows), max(max(row, default=0) for row in indices), classes, ones, places)


main(sys.argv[1])
