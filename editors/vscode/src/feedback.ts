// Tells the server what became of suggestions: shown, accepted in part, accepted.
//
// VS Code tells extensions neither which item is drawn nor when (the API for it is a proposed one): the first item of
// an answer that was still wanted counts as shown.

import type { Offered } from "./offer";
import type { Server } from "./server";

export class Feedback {
  private lastShown: number | undefined;

  constructor(private readonly server: Server) {}

  /** Once for each suggestion: the rest of it, while it is typed, is the same one. */
  shown(offered: Offered): void {
    if (offered.id === this.lastShown) return;
    this.lastShown = offered.id;
    this.server.tell("textDocument/didShowCompletion", { item: offered.item });
  }

  /** `units` counts from the start of insertText. */
  partlyAccepted(offered: Offered, units: number): void {
    this.server.tell("textDocument/didPartiallyAcceptCompletion", { item: offered.item, acceptedLength: units });
  }

  /** Tab took the first units of its text: all that was shown of it. */
  async accepted(offered: Offered, units: number): Promise<void> {
    const [, , ...further] = offered.item.command?.arguments ?? [];
    await this.server.execute("charwise.accepted", [offered.id, offered.bytesOf(units), ...further]);
  }
}
