"""Suggestions in the completion menu, for editors that show none inline: `charwise lsp --completion`.

One item, marked as charwise's and sorted after all others.
"""

from lsprotocol import types

from charwise_lsp.server import CharwiseServer, inline_completion

# After anything that a language's own server sorts by.
_LAST = "\uffff"
_TRIGGERS = {types.CompletionTriggerKind.Invoked: types.InlineCompletionTriggerKind.Invoked}


def register(server: CharwiseServer) -> None:
    """Have the server offer it; before it starts, as editors are told once what a server can do."""
    server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())(completion)


async def completion(ls: CharwiseServer, params: types.CompletionParams) -> types.CompletionList:
    """Offer what would be offered inline; the list is never complete, so that it is asked for again at each key."""
    automatic = types.InlineCompletionTriggerKind.Automatic
    kind = _TRIGGERS.get(params.context.trigger_kind, automatic) if params.context else automatic
    context = types.InlineCompletionContext(kind)
    offered = await inline_completion(ls, types.InlineCompletionParams(context, params.text_document, params.position))
    return types.CompletionList(True, [_entry(item) for item in offered.items[:1]])


def _entry(item: types.InlineCompletionItem) -> types.CompletionItem:
    text, range_ = str(item.insert_text), item.range
    assert range_
    return types.CompletionItem(
        text.strip().partition("\n")[0],
        kind=types.CompletionItemKind.Text,
        detail="charwise",
        sort_text=_LAST,
        filter_text=text,
        text_edit=types.TextEdit(range_, text),
        command=item.command,
    )
