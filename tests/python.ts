/** The Python that tests compare with: TRULY_SPARSE_PYTHON, or python3; tests skip what it lacks. */
const PYTHON = Deno.env.get("TRULY_SPARSE_PYTHON") ?? "python3";

/** Whether Python can import these modules. */
export function hasModules(...modules: readonly string[]): boolean {
  try {
    return new Deno.Command(PYTHON, { args: ["-c", `import ${modules.join(", ")}`], stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** Runs a Python program; returns what it prints. */
export async function python(program: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(PYTHON, { args: ["-c", program, ...args] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
