// The inline completion provider: asks the server at the cursor and hands on what it offers, with the typed word in range.

import {
  type CancellationToken,
  type Disposable,
  type DocumentSelector,
  type InlineCompletionContext,
  InlineCompletionItem,
  type InlineCompletionItemProvider,
  languages,
  type Position,
  Range,
  type TextDocument,
} from "vscode";
import type { Documents } from "./documents";
import type { Feedback } from "./feedback";
import type { Offer, Offered } from "./offer";
import { isInvoked, type Questions } from "./questions";

import { settings } from "./settings";
import type { Typing } from "./typing";

export const ACCEPTED = "charwise.acceptedSuggestion";

/** VS Code waits 50 ms before it asks, unless it lets charwise use the proposed API that says not to. */
export function register(selector: DocumentSelector, provider: InlineCompletionItemProvider): Disposable {
  const atOnce: (...registered: [DocumentSelector, InlineCompletionItemProvider, object]) => Disposable =
    languages.registerInlineCompletionItemProvider;
  try {
    return atOnce(selector, provider, { debounceDelayMs: 0 });
  } catch {
    return languages.registerInlineCompletionItemProvider(selector, provider);
  }
}

export class Suggestions implements InlineCompletionItemProvider {
  constructor(
    private readonly questions: Questions,
    private readonly documents: Documents,
    private readonly offer: Offer,
    private readonly typing: Typing,
    private readonly feedback: Feedback,
  ) {}

  async provideInlineCompletionItems(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    token: CancellationToken,
  ): Promise<InlineCompletionItem[]> {
    const isAsked = isInvoked(context);
    if (this.documents.silenced(document) || (!isAsked && this.typing.isAfterUndo(document)))
      return this.none(document);
    const choice = isAsked ? [] : this.offer.choice(document, position);
    if (choice.length > 0) return choice.map((each) => converted(each, position));
    const found = await this.questions.answer(document, position, context, token);
    if (token.isCancellationRequested) return []; // a newer request has set what is offered, or will
    const offered = isAsked ? found : found.slice(0, 1);
    this.offer.set(document, offered, isAsked);
    if (offered[0]) this.feedback.shown(offered[0]);
    return offered.map((each) => converted(each, position));
  }

  private none(document: TextDocument): InlineCompletionItem[] {
    this.offer.set(document, [], false);
    return [];
  }
}

function converted(offered: Offered, position: Position): InlineCompletionItem {
  const text = settings().onlyConfident ? offered.sure : offered.insertText;
  const command = { command: ACCEPTED, title: "", arguments: [offered, text.length] };
  return new InlineCompletionItem(text, new Range(offered.start, position), command);
}
