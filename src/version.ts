/** Version of this package; a test keeps it equal to deno.json and the kernels. */
export const VERSION = "0.1.0";
