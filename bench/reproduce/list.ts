export async function list(_: unknown): Promise<string> {
  return "";
}
