/**
 * What is said of tables in the words of the library: the readers speak of options as the command line has them.
 *
 * @module
 */

/** What is quoted, which stays; options that messages name, with what they may be set to. */
const OPTION =
  /"[^"]*"|--(label-column|missing-labels|ignore-columns|categories|numbers|task)( [a-z]+( or [a-z]+)*| \d+,\d+)?/g;

/**
 * A message that names options of the command line as one that names those of a call: `missingLabels: "drop"`.
 *
 * @param label What the option of the label is called.
 */
export function inLibraryWords(message: string, label: string): string {
  return message.replaceAll(OPTION, (whole: string, name?: string, value?: string) => {
    if (name === undefined) return whole;
    const option = name === "label-column"
      ? label
      : name.replace(/-([a-z])/, (_, letter) => letter.toUpperCase());
    if (value === undefined) return option;
    return /\d/.test(value)
      ? `${option}: [${value.trim().replace(",", ", ")}]`
      : `${option}:${value.replaceAll(/\b(?!or\b)[a-z]+/g, '"$&"')}`;
  });
}

/** An error of ours with another message; others as they are. */
export function reworded(cause: unknown, words: (message: string) => string): unknown {
  const Kind = [SyntaxError, RangeError, TypeError].find((Kind) =>
    cause instanceof Error && cause.constructor === Kind
  );
  if (Kind === undefined) return cause;
  const { message, cause: reason } = cause as Error;
  const said = words(message);
  return said === message ? cause : new Kind(said, { cause: reason });
}
