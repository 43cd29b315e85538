export { loadKernels } from "./src/native/library.ts";
