// Which versions of the Python side this extension works with.

/** The first whose server has what the extension asks for. */
export const MINIMUM = "0.1.0";

export function versionIn(text: string): string | undefined {
  return /\d+\.\d+\.\d+/.exec(text)?.[0];
}

export function isCompatible(version: string): boolean {
  return version.localeCompare(MINIMUM, "en", { numeric: true }) >= 0;
}
