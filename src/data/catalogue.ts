/**
 * The data sets that have a name: what they are, where their files come from, and the paper's settings for them.
 *
 * @module
 */
import { type Augmentation, PAPER_AUGMENTATION } from "./augment.ts";
import type { ImageShape } from "./split.ts";

/** Settings the paper trains a data set with. Paper: Table 7 (hyper-parameters). */
export interface PaperSettings {
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  /** ε of the Erdős–Rényi structure. */
  readonly epsilon: number;
  /** η */
  readonly learningRate: number;
  /** B */
  readonly batchSize: number;
  /** Law of the first weights. */
  readonly initializer: "he-uniform" | "xavier" | "normal";
  /** Slope α of All-ReLU. */
  readonly alpha: number;
  /** Passes through the training samples. */
  readonly epochs: number;
  /** Optimiser that rate, momentum and decay are for. */
  readonly optimizer: "sgd";
  /** μ */
  readonly momentum: number;
  /** λ, a step. */
  readonly weightDecay: number;
  /** Where weight decay is applied; `coupled` where the paper's accuracy needs it, see docs/algorithms.md. */
  readonly weightDecayForm: "outside" | "coupled";
  /** Fraction of the hidden units dropped. */
  readonly dropout: number;
  /** ζ */
  readonly zeta: number;
  /** What has a scale of its own, where augmentation would have it otherwise. */
  readonly featureScale?: "each";
}

/** A file of a named data set. */
export interface NamedFile {
  /** Its official name, unpacked; one `*` stands for anything. A file packed with gzip has `.gz` after it. */
  readonly name: string;
  /** Other names it is known by. */
  readonly otherNames?: readonly string[];
  /** Bytes of the unpacked content; not given where the content is not pinned. */
  readonly bytes?: number;
  /** SHA-256 of the unpacked content; not given where the content is not pinned. */
  readonly sha256?: string;
  /** Official addresses, in the order they are tried; not given where users place the file themselves. */
  readonly urls?: readonly string[];
}

/** What is known about a named data set. */
export interface NamedDataset {
  /** What it is called. */
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** Samples to learn from. */
  readonly trainSamples: number;
  /** Samples to test with. */
  readonly testSamples: number;
  /** Features of each sample. */
  readonly featureCount: number;
  /** Number of classes. */
  readonly classCount: number;
  /** Given when samples are images. */
  readonly image?: ImageShape;
  /** Page of its makers; not given for made-up data. */
  readonly home?: string;
  /** How its files may come: all files of one arrangement are needed, the first has preference. */
  readonly arrangements: readonly (readonly NamedFile[])[];
  /** What to do where files are not downloaded. */
  readonly placement?: string;
  /** Folders under those searched in which the files are looked for too. */
  readonly subfolders?: readonly string[];
  /** Where packages of operating systems put it. */
  readonly systemFolders?: readonly string[];
  /** The paper's settings, the defaults for this data set. */
  readonly settings: PaperSettings;
  /** What `--augment` means; off unless asked for. */
  readonly augmentation?: Augmentation;
}

/** What all of the paper's runs share. */
const SHARED = {
  epsilon: 10,
  epochs: 500,
  optimizer: "sgd",
  momentum: 0.9,
  weightDecay: 0.0002,
  weightDecayForm: "outside",
  dropout: 0.3,
  zeta: 0.3,
} as const;

const FASHION_SETTINGS: PaperSettings = {
  ...SHARED,
  hidden: [1000, 1000, 1000],
  epsilon: 20,
  learningRate: 0.01,
  batchSize: 128,
  initializer: "he-uniform",
  weightDecayForm: "coupled",
  alpha: 0.6,
};

const MADELON_SETTINGS: PaperSettings = {
  ...SHARED,
  hidden: [400, 100, 400],
  learningRate: 0.01,
  batchSize: 32,
  initializer: "normal",
  alpha: 0.5,
};

/** Files of MNIST and the sets that took over its form: stem, kind, bytes. */
const IDX_FILES = [
  ["train-images", "idx3-ubyte", 47_040_016],
  ["train-labels", "idx1-ubyte", 60_008],
  ["t10k-images", "idx3-ubyte", 7_840_016],
  ["t10k-labels", "idx1-ubyte", 10_008],
] as const;

/** The four files of a data set of MNIST's form, with the SHA-256 of each. */
function idxFiles(bases: readonly string[], sha256: readonly string[]): readonly NamedFile[] {
  return IDX_FILES.map(([stem, kind, bytes], index) => ({
    name: `${stem}-${kind}`,
    otherNames: [`${stem}.${kind}`],
    bytes,
    sha256: sha256[index],
    urls: bases.map((base) => `${base}/${stem}-${kind}.gz`),
  }));
}

const UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases";

function madelonFile(name: string, folder: string, bytes: number, sha256: string): NamedFile {
  return { name, bytes, sha256, urls: [`${UCI}/${folder}/${name}`] };
}

const IMAGE_28 = { height: 28, width: 28, channels: 1 };

/** Every named data set. */
export const CATALOGUE: readonly NamedDataset[] = [
  {
    name: "madelon-like",
    description: "Made up in the manner of Madelon: 5 features inform, 15 are sums of them, 480 mislead",
    trainSamples: 2000,
    testSamples: 600,
    featureCount: 500,
    classCount: 2,
    arrangements: [],
    // Deviation: 100 epochs, so that a first run ends within a minute.
    settings: { ...MADELON_SETTINGS, epochs: 100 },
  },
  {
    name: "madelon",
    description:
      "Artificial data of the NIPS 2003 feature selection challenge; its validation part is the test",
    trainSamples: 2000,
    testSamples: 600,
    featureCount: 500,
    classCount: 2,
    home: "https://archive.ics.uci.edu/dataset/171/madelon",
    arrangements: [[
      madelonFile(
        "madelon_train.data",
        "madelon/MADELON",
        4_001_995,
        "0b6e37711efdc7ab74250c51e7d6966bffd9f8f2b0e9971e882c3a7a380c2314",
      ),
      madelonFile(
        "madelon_train.labels",
        "madelon/MADELON",
        5000,
        "10bffcc3b017467cb810d326b931951adcbde2b4870faf981da2991993b48689",
      ),
      madelonFile(
        "madelon_valid.data",
        "madelon/MADELON",
        1_200_599,
        "cb9a46475147de1a58d9f15ef4c318e5b85de344e0f9ab92626fa446aa815dc9",
      ),
      madelonFile(
        "madelon_valid.labels",
        "madelon",
        1499,
        "1aa311db914031ce44fc1dcf00fe4a0c31becb6c5c4e809db7fec13eead58fcc",
      ),
    ]],
    settings: MADELON_SETTINGS,
  },
  {
    name: "fashion-mnist",
    description: "Articles of clothing, grey images of 28 × 28",
    trainSamples: 60_000,
    testSamples: 10_000,
    featureCount: 784,
    classCount: 10,
    image: IMAGE_28,
    home: "https://github.com/zalandoresearch/fashion-mnist",
    arrangements: [
      idxFiles(["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"], [
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
      ]),
    ],
    subfolders: ["FashionMNIST/raw"],
    // Debian's package dataset-fashion-mnist.
    systemFolders: ["/usr/share/datasets/fashion-mnist"],
    settings: FASHION_SETTINGS,
  },
  {
    name: "mnist",
    description: "Handwritten digits, grey images of 28 × 28",
    trainSamples: 60_000,
    testSamples: 10_000,
    featureCount: 784,
    classCount: 10,
    image: IMAGE_28,
    home: "http://yann.lecun.com/exdb/mnist/",
    arrangements: [
      // The makers' own server often refuses; the second address is the copy that PyTorch keeps.
      idxFiles(["http://yann.lecun.com/exdb/mnist", "https://ossci-datasets.s3.amazonaws.com/mnist"], [
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
      ]),
    ],
    subfolders: ["MNIST/raw"],
    // The paper has no MNIST; its Fashion-MNIST network fits.
    settings: FASHION_SETTINGS,
    // Mirrored digits are none.
    augmentation: { rotationDegrees: 0, shiftFraction: 0.05, flip: false },
  },
  {
    name: "cifar10",
    description: "Animals and vehicles, colour images of 32 × 32",
    trainSamples: 50_000,
    testSamples: 10_000,
    featureCount: 3072,
    classCount: 10,
    image: { height: 32, width: 32, channels: 3 },
    home: "https://www.cs.toronto.edu/~kriz/cifar.html",
    // The content is not pinned: the makers publish a checksum of the archive only.
    arrangements: [
      [1, 2, 3, 4, 5].map((part): NamedFile => ({ name: `data_batch_${part}.bin` }))
        .concat({ name: "test_batch.bin" }),
    ],
    subfolders: ["cifar-10-batches-bin"],
    placement: "unpack https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz there",
    settings: {
      ...SHARED,
      hidden: [4000, 1000, 4000],
      epsilon: 20,
      learningRate: 0.01,
      batchSize: 128,
      initializer: "he-uniform",
      weightDecayForm: "coupled",
      alpha: 0.75,
      featureScale: "each",
    },
    augmentation: PAPER_AUGMENTATION,
  },
  {
    name: "higgs",
    description: "Collisions that make Higgs bosons or do not, simulated; the first 155,000 rows",
    trainSamples: 105_000,
    testSamples: 50_000,
    featureCount: 28,
    classCount: 2,
    home: "https://archive.ics.uci.edu/dataset/280/higgs",
    // The content is not pinned: nobody publishes a checksum, and the archive is 2.6 GB.
    arrangements: [[{ name: "higgs_train*.csv" }, { name: "higgs_test*.csv" }], [{ name: "HIGGS.csv" }]],
    placement: `put ${UCI}/00280/HIGGS.csv.gz there (2.6 GB; its first 155,000 rows are enough), ` +
      `or files of your own with the class first`,
    settings: {
      ...SHARED,
      hidden: [1000, 1000, 1000],
      learningRate: 0.01,
      batchSize: 128,
      initializer: "xavier",
      alpha: 0.05,
    },
  },
  {
    name: "leukemia",
    description: "Gene expression of 18 kinds of leukaemia and healthy marrow (MILE study, GEO GSE13159)",
    trainSamples: 1397,
    testSamples: 699,
    featureCount: 54_675,
    classCount: 18,
    home: "https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc=GSE13159",
    // The content is not pinned: nobody publishes a checksum, and tables are the user's work.
    arrangements: [
      [{ name: "leukemia_train.csv" }, { name: "leukemia_test.csv" }],
      [{ name: "leukemia.csv" }],
      [{ name: "GSE13159_series_matrix.txt" }],
    ],
    placement: "put https://ftp.ncbi.nlm.nih.gov/geo/series/GSE13nnn/GSE13159/matrix/" +
      "GSE13159_series_matrix.txt.gz there, packed or not, or tables of your own with a row for each patient and a " +
      'column "class"; of one file alone a third is set aside for testing, at random by the seed',
    settings: {
      ...SHARED,
      hidden: [27_500, 27_500],
      learningRate: 0.005,
      batchSize: 5,
      initializer: "normal",
      alpha: 0.75,
    },
  },
  {
    name: "extreme",
    description:
      "Made up likewise, a batch at a time, for the largest networks: 16 of 65,536 features inform, 49,136 are sums of them",
    trainSamples: 7000,
    testSamples: 3000,
    featureCount: 65_536,
    classCount: 2,
    arrangements: [],
    // Paper: §2.4 and Table 4, its smallest network there; `train --preset` has the others.
    settings: {
      ...SHARED,
      hidden: [500_000, 500_000],
      epsilon: 10,
      learningRate: 0.01,
      batchSize: 128,
      initializer: "he-uniform",
      weightDecayForm: "coupled",
      alpha: 0.6,
      dropout: 0.4,
    },
  },
];
