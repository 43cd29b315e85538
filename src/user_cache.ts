/**
 * Where this user's operating system keeps what can be fetched again.
 *
 * @module
 */

const VARIABLES: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  windows: ["LOCALAPPDATA"],
  darwin: ["HOME"],
};

/** Environment variables that say where the cache is, the first one set wins. */
export const CACHE_VARIABLES: readonly string[] = VARIABLES[Deno.build.os] ?? ["XDG_CACHE_HOME", "HOME"];

/**
 * This package's folder in the user's cache.
 *
 * Never prompts: a variable that may not be read counts as not set. So does one that is not absolute, as the XDG base
 * directory specification demands: the cache would be another one in each folder a program is started in.
 *
 * @returns Undefined when the environment names no folder, or may not be read.
 */
export function userCache(): string | undefined {
  for (const variable of CACHE_VARIABLES) {
    const value = readVariable(variable);
    if (!value || !isAbsolute(value)) continue;
    const inHome = Deno.build.os === "darwin" ? "/Library/Caches" : "/.cache";
    return `${value}${variable === "HOME" ? inHome : ""}/truly-sparse`;
  }
  return undefined;
}

function isAbsolute(path: string): boolean {
  return Deno.build.os === "windows" ? /^([A-Za-z]:)?[/\\]/.test(path) : path.startsWith("/");
}

/** The value of an environment variable, or undefined where it is not set or may not be read without a prompt. */
export function readVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
