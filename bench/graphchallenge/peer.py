"""Times one peer on a network of the challenge, and tells which samples are alive at its end.

Run by run.ts: `peer.py SYSTEM FOLDER NEURONS LAYERS SAMPLES BIAS THREADS REPEATS`; FOLDER holds `images.bin` (a byte a
pixel) and `layers.bin` (the inputs of each neuron, 32-bit, layer after layer). Prints one line of JSON.
"""

import json
import sys
import time

import numpy as np
import scipy.sparse as sparse

CONNECTIONS = 32
WEIGHT = np.float32(1 / 16)
MOST = np.float32(32)
# Samples that pass through all layers together where they are dense: faster than 64, 256 or all at 1,024 neurons.
DENSE_BATCH = 1024


def load_layers(folder, neurons, layers):
    """The matrices [inputs, neurons], as CSR."""
    indices = np.fromfile(f"{folder}/layers.bin", np.uint32).astype(np.int32).reshape(layers, neurons * CONNECTIONS)
    indptr = np.arange(neurons + 1, dtype=np.int32) * CONNECTIONS
    values = np.full(neurons * CONNECTIONS, WEIGHT)
    for layer in indices:
        yield sparse.csr_matrix((values, layer, indptr), shape=(neurons, neurons)).T.tocsr()


def with_sparse_rows(matrices, images, bias):
    """SciPy, CSR times CSR; rows that are empty drop out after each layer."""
    samples = np.arange(images.shape[0])
    rows = sparse.csr_matrix(images, dtype=np.float32)
    for matrix in matrices:
        rows = rows @ matrix
        rows.data += bias
        np.clip(rows.data, 0, MOST, out=rows.data)
        rows.eliminate_zeros()
        alive = np.diff(rows.indptr) > 0
        if not alive.all():
            rows, samples = rows[alive], samples[alive]
    return samples


def with_dense_columns(matrices, images, bias):
    """SciPy, CSR times dense columns of samples; columns that are zero drop out after each layer."""
    alive = []
    for first in range(0, images.shape[0], DENSE_BATCH):
        batch = images[first : first + DENSE_BATCH]
        samples = np.arange(first, first + batch.shape[0])
        columns = np.ascontiguousarray(batch.T, dtype=np.float32)
        for matrix in matrices:
            columns = matrix @ columns
            columns += bias
            np.clip(columns, 0, MOST, out=columns)
            kept = columns.any(axis=0)
            if not kept.all():
                columns, samples = np.ascontiguousarray(columns[:, kept]), samples[kept]
            if samples.size == 0:
                break
        alive.append(samples)
    return np.concatenate(alive)


def with_graphblas(matrices, images, bias):
    """SuiteSparse:GraphBLAS; rows without entries cost nothing, as its matrices are hypersparse."""
    from graphblas import binary, monoid, select, semiring

    rows = images
    for matrix in matrices:
        product = rows.mxm(matrix, semiring.plus_times).new()
        product << product.apply(binary.plus, right=bias)
        product << product.select(">", 0)
        product << product.apply(binary.min, right=MOST)
        rows = product
    alive = rows.reduce_rowwise(monoid.max).new()
    return alive.to_coo(values=False)[0]


def main():
    system, folder = sys.argv[1:3]
    neurons, layers, samples = map(int, sys.argv[3:6])
    bias = np.float32(sys.argv[6])
    threads, repeats = map(int, sys.argv[7:9])
    images = np.fromfile(f"{folder}/images.bin", np.uint8, count=samples * neurons).reshape(samples, neurons)
    matrices = list(load_layers(folder, neurons, layers))
    run = {"scipy-sparse": with_sparse_rows, "scipy-dense": with_dense_columns, "graphblas": with_graphblas}[system]
    if system == "scipy-dense":
        matrices = [matrix.T.tocsr() for matrix in matrices]
    if system == "graphblas":
        import graphblas

        graphblas.init("suitesparse", blocking=False)
        graphblas.ss.config["nthreads"] = threads
        convert = graphblas.io.from_scipy_sparse
        matrices = [convert(matrix) for matrix in matrices]
        images = convert(sparse.csr_matrix(images, dtype=np.float32))
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        alive = run(matrices, images, bias)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "alive": [int(sample) for sample in alive]}))


main()
