/**
 * What the paper reports: its tables as numbers.
 *
 * Curci, Mocanu, Pechenizkiy: "Truly Sparse Neural Networks at Scale" (2021).
 *
 * @module
 */

/** The paper's data sets, in the order of its tables. */
export const PAPER_DATASETS = ["leukemia", "higgs", "madelon", "fashion-mnist", "cifar10"] as const;

/** Name of one of the paper's data sets. */
export type PaperDataset = typeof PAPER_DATASETS[number];

/** How the tables call them. */
export const TITLES: Readonly<Record<PaperDataset, string>> = {
  "leukemia": "Leukemia",
  "higgs": "Higgs",
  "madelon": "Madelon",
  "fashion-mnist": "Fashion-MNIST",
  "cifar10": "CIFAR-10",
};

/** Samples the paper learns from and tests with. Paper: Table 1. */
export const SAMPLES: Readonly<Record<PaperDataset, readonly [train: number, test: number]>> = {
  "leukemia": [1397, 699],
  "higgs": [105_000, 50_000],
  "madelon": [2000, 600],
  "fashion-mnist": [60_000, 10_000],
  "cifar10": [50_000, 10_000],
};

/** Weights and biases of the dense network. Paper: Table 2. */
export const DENSE_PARAMETERS: Readonly<Record<PaperDataset, number>> = {
  "leukemia": 2_260_362_518,
  "higgs": 2_033_002,
  "madelon": 281_702,
  "fashion-mnist": 2_797_010,
  "cifar10": 20_337_010,
};

/** A network of Table 2, trained by one process. */
export type Sequential = "relu" | "relu-pruning" | "all-relu" | "all-relu-pruning" | "dense-relu" | "dense";

/** A row of Table 2: best test accuracy in percent, parameters at the start and at the end, minutes. */
export type Table2Row = readonly [percent: number | undefined, start: number, end: number, minutes?: number];

/** Paper: Table 2. */
export const TABLE_2: Readonly<Record<PaperDataset, Readonly<Record<Sequential, Table2Row>>>> = {
  "leukemia": {
    "relu": [85.98, 1_684_944, 1_684_944, 375],
    "relu-pruning": [85.40, 1_582_214, 312_900, 266.5],
    "all-relu": [86.42, 1_582_518, 1_582_518, 375],
    "all-relu-pruning": [85.69, 1_582_581, 313_047, 266.5],
    "dense-relu": [undefined, 2_260_362_518, 2_260_362_518],
    "dense": [undefined, 2_260_362_518, 2_260_362_518],
  },
  "higgs": {
    "relu": [73.59, 50_224, 50_244, 216.67],
    "relu-pruning": [73.50, 50_246, 10_065, 182.3],
    "all-relu": [73.67, 50_165, 50_165, 216.67],
    "all-relu-pruning": [73.76, 50_165, 9992, 140.3],
    "dense-relu": [70.59, 2_033_002, 2_033_002, 182.3],
    "dense": [70.10, 2_033_002, 2_033_002, 140.13],
  },
  "madelon": {
    "relu": [68.50, 19_000, 19_000, 3.6],
    "relu-pruning": [75.00, 19_000, 2739, 3.2],
    "all-relu": [71.33, 19_011, 19_011, 3.6],
    "all-relu-pruning": [77.00, 19_000, 2737, 3.2],
    "dense-relu": [59.66, 281_702, 281_702, 3.62],
    "dense": [62.00, 281_702, 281_702, 3.62],
  },
  "fashion-mnist": {
    "relu": [90.48, 126_302, 126_302, 137.5],
    "relu-pruning": [89.43, 126_302, 26_111, 96.25],
    "all-relu": [91.38, 126_302, 126_302, 137.5],
    "all-relu-pruning": [90.12, 126_302, 25_759, 96.25],
    "dense-relu": [90.85, 2_797_010, 2_797_010, 95.05],
    "dense": [90.73, 2_797_010, 2_797_010, 95.05],
  },
  "cifar10": {
    "relu": [67.05, 381_758, 381_758, 590],
    "relu-pruning": [65.21, 381_758, 238_114, 530],
    "all-relu": [69.83, 381_425, 381_425, 590],
    "all-relu-pruning": [68.55, 380_318, 221_323, 530],
    "dense-relu": [64.94, 20_337_010, 20_337_010, 530.7],
    "dense": [67.96, 20_337_010, 20_337_010, 530.7],
  },
};

/** What trains in Table 3; sequential runs are those of Table 2. */
export type Framework =
  | "wassp"
  | "wassp-pruning"
  | "wasap"
  | "wasap-pruning"
  | "all-relu"
  | "all-relu-pruning";

/** A row of Table 3: best test accuracy in percent, minutes, share of the processor in percent, MB of memory. */
export type Table3Row = readonly [percent: number, minutes: number, cpuPercent: number, megabytes: number];

/** Data sets of Table 3. */
export const PARALLEL_DATASETS = ["higgs", "fashion-mnist", "cifar10"] as const;

/** Workers beside the server. Paper: §2.3. */
export const PAPER_WORKERS = 5;

/** Paper: Table 3, without its rows of Keras. */
export const TABLE_3: Readonly<
  Record<typeof PARALLEL_DATASETS[number], Readonly<Record<Framework, Table3Row>>>
> = {
  "higgs": {
    "wassp": [74.26, 142.52, 62, 2800],
    "wassp-pruning": [74.16, 113.33, 62, 2800],
    "wasap": [74.47, 138.52, 62, 2800],
    "wasap-pruning": [74.88, 108.33, 62, 2800],
    "all-relu": [73.67, 216.67, 24, 1700],
    "all-relu-pruning": [73.76, 182.3, 24, 1700],
  },
  "fashion-mnist": {
    "wassp": [90.52, 90.6, 65, 3300],
    "wassp-pruning": [89.96, 77.6, 65, 3300],
    "wasap": [91.23, 87.25, 65, 3300],
    "wasap-pruning": [90.15, 74.85, 65, 3300],
    "all-relu": [91.38, 137.5, 20, 1900],
    "all-relu-pruning": [90.12, 96.25, 20, 1900],
  },
  "cifar10": {
    "wassp": [67.13, 309.9, 70, 6500],
    "wassp-pruning": [66.88, 279.9, 70, 6500],
    "wasap": [69.03, 281.9, 70, 6500],
    "wasap-pruning": [68.51, 246.5, 70, 6500],
    "all-relu": [69.83, 590, 25, 2200],
    "all-relu-pruning": [68.55, 530, 25, 2200],
  },
};

/** A row of Table 4: preset, ε, neurons and parameters in millions, workers, then minutes. */
export interface Table4Row {
  readonly preset: string;
  readonly architecture: string;
  readonly epsilon: number;
  readonly neurons: number;
  readonly parameters: number;
  readonly workers: number;
  /** Minutes: the first weights, an epoch of training, the test, a change of the topology. */
  readonly minutes: readonly [initial: number, epoch: number, test: number, evolution: number];
}

/** Paper: Table 4. */
export const TABLE_4: readonly Table4Row[] = [
  row4("extreme-1m", "65536-0.5M-0.5M-2", 10, 1, 20.6, 16, [1, 6, 2.5, 1]),
  row4("extreme-5m", "65536-2.5M-2.5M-2", 5, 5, 50.3, 16, [2, 10, 6, 2]),
  row4("extreme-10m", "65536-5M-5M-2", 5, 10, 100.3, 16, [3, 20, 11, 5]),
  row4("extreme-20m", "65536-5M×4-2", 1, 20, 40.3, 8, [5, 26, 18, 6]),
  row4("extreme-50m", "65536-5M×10-2", 1, 50, 100.3, 8, [9, 52, 20, 6]),
];

/**
 * Slopes of Table 5 and Figure 19 on Fashion-MNIST, with the best test accuracy in percent.
 *
 * The text at hand has the ten accuracies without the heading. The slopes are those that agree with what the paper says
 * of them: 0.6 is the best, and "any alpha level greater than 0.05" is better than ReLU (90.48 %).
 */
export const TABLE_5: readonly (readonly [alpha: number, percent: number])[] = [
  [0.05, 90.48],
  [0.1, 90.86],
  [0.2, 90.87],
  [0.3, 90.75],
  [0.4, 91],
  [0.5, 91.08],
  [0.6, 91.38],
  [0.7, 91.09],
  [0.8, 91.16],
  [0.9, 91.02],
];

/** Percentiles of Table 6. */
export const PERCENTILES = [5, 10, 15, 20, 25] as const;

/** A network of Table 6 as trained, and after pruning at each percentile: percent and parameters. */
export interface Table6Row {
  readonly trained: readonly [percent: number, parameters: number];
  readonly pruned: readonly (readonly [percent: number, parameters: number])[];
}

/** Paper: Table 6. */
export const TABLE_6: Readonly<Record<PaperDataset, Table6Row>> = {
  "leukemia": {
    trained: [86.42, 1_684_944],
    pruned: [[86.89, 1_074_251], [86.69, 1_034_977], [85.84, 992_711], [85.84, 947_981], [85.69, 901_289]],
  },
  "higgs": {
    trained: [73.67, 50_224],
    pruned: [[73.00, 48_508], [73.16, 46_693], [72.61, 44_897], [72.27, 42_601], [71.51, 40_491]],
  },
  "madelon": {
    trained: [71.33, 19_006],
    pruned: [[71.33, 18_385], [72.00, 17_661], [70.33, 16_883], [69.16, 16_106], [65.33, 15_297]],
  },
  "fashion-mnist": {
    trained: [91.38, 125_901],
    pruned: [[90.66, 120_894], [90.12, 115_486], [89.37, 109_923], [88.7, 104_158], [85.97, 98_360]],
  },
  "cifar10": {
    trained: [69.83, 381_758],
    pruned: [[69.53, 368_062], [68.61, 352_791], [68.38, 336_968], [67.35, 320_316], [66.57, 276_349]],
  },
};

function row4(
  preset: string,
  architecture: string,
  epsilon: number,
  neurons: number,
  parameters: number,
  workers: number,
  minutes: Table4Row["minutes"],
): Table4Row {
  return { preset, architecture, epsilon, neurons, parameters, workers, minutes };
}
