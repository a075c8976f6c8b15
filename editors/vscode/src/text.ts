// What of a suggestion is typed already, and how much of the rest an accept command takes. Strings alone: no editor.

// What an editor puts in when the first half is typed.
const PAIRS = new Set(["()", "[]", "{}", "<>", '""', "''", "``", "$$"]);

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The rest of a suggestion's text where the typed text begins it; undefined where it does not. */
export function rest(insertText: string, typed: string): string | undefined {
  const [whole, begun] = [unified(insertText), unified(typed)];
  return whole.startsWith(begun) ? whole.slice(begun.length) : undefined;
}

/** With line ends as suggestions have them, whatever those of the document are. */
export function unified(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** The first character as people count them: an emoji with its modifiers is one. */
export function firstCharacter(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return "";
}

/** What stands between what is typed and where confidence drops; past it, the next character, so that a key does something. */
export function confidentPart(insertText: string, typed: string, confident: number): string {
  const left = rest(insertText, typed) ?? "";
  const until = confident - unified(typed).length;
  return until > 0 ? left.slice(0, until) : firstCharacter(left);
}

/** How many bytes of UTF-8 of a suggestion are in the first units of its insertText, which begins with the typed word. */
export function suggestedBytes(insertText: string, allBytes: number, units: number): number {
  const word = Buffer.byteLength(insertText) - allBytes;
  return Math.max(0, Buffer.byteLength(insertText.slice(0, units)) - word);
}

/** How many units of what was put in stand before the cursor: of a pair, the first half. */
export function typedUnits(text: string): number {
  return PAIRS.has(text) ? 1 : text.length;
}
