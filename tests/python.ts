/** The Python that tests compare with: TRULY_SPARSE_PYTHON, or python3; tests skip what it lacks. */
const PYTHON = Deno.env.get("TRULY_SPARSE_PYTHON") ?? "python3";

/** Longest time that packages are installed for. */
const INSTALL_MS = 180_000;

/** Whether a Python can import these modules. */
function imports(program: string, modules: readonly string[]): boolean {
  try {
    return new Deno.Command(program, { args: ["-c", `import ${modules.join(", ")}`], stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** Whether Python can import these modules. */
export function hasModules(...modules: readonly string[]): boolean {
  return imports(PYTHON, modules);
}

/**
 * A Python that can import these modules, which are packages of the same name: the one that tests compare with, or one of
 * their own in the folder of temporary files, made once. Undefined without Python or network.
 */
export async function pythonWith(...modules: readonly string[]): Promise<string | undefined> {
  if (hasModules(...modules)) return PYTHON;
  const folder = `${temporaryFolder()}/truly-sparse-tests-${modules.join("-")}`;
  const program = `${folder}/${Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python"}`;
  if (imports(program, modules)) return program;
  const runs = async (command: string, ...args: string[]) => {
    const signal = AbortSignal.timeout(INSTALL_MS);
    const options = { args, signal, stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(command, options).output().catch(() => undefined))?.success ?? false;
  };
  const pip = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10"];
  const made = await runs(PYTHON, "-m", "venv", folder) && await runs(program, ...pip, ...modules);
  return made && imports(program, modules) ? program : undefined;
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
}

/** Runs a Python program; returns what it prints. */
export async function python(program: string, ...args: readonly string[]): Promise<string> {
  return await pythonAt(PYTHON, program, ...args);
}

/** Runs a program by the Python that {@linkcode pythonWith} gave; returns what it prints. */
export async function pythonAt(python: string, program: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(python, { args: ["-c", program, ...args] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
