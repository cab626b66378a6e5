"""Every sentence that a person reads, in one place. Another language is another table with the same keys."""

from __future__ import annotations

_ENGLISH: dict[str, str] = {
    # -- the frame
    "root.help": "One endpoint and one command in front of every model you can reach, free ones first.\n\n"
    "Without a command: serve in this terminal.",
    "root.example": "\b\nExamples:\n  wallasapi demo\n  wallasapi chat 'Why is the sky blue?'\n"
    "  git diff | wallasapi chat 'Review this'\n  wallasapi explain 'Write a parser in C'\n\n"
    "\b\nMore: `wallasapi help exit-codes`, `wallasapi help environment`",
    "error": "error: {message}",
    "hint": "hint: {hint}",
    "bug": "wallasapi has a bug: {kind}: {what}",
    "bug.hint": "WALLAS_DEBUG=1 shows where",
    "usage.hint": "`{command} --help` shows how it is used",
    "stdout.broken": "cannot write to standard output: {why}",
    "file.unreadable": "cannot read {name}: {why}",
    # -- options of several commands
    "option.json": "Print one JSON object: ok, data, error.",
    "option.config": "Read this config.toml and no other.",
    "option.color": "Colours and rendering: auto, always or never.",
    "option.prompt": "The instruction; standard input follows it. - reads standard input alone.",
    "option.model": "A model, a provider:model, or a strategy such as auto, rapido, razonamiento.",
    "option.system": "The system prompt, or a file that holds it.",
    "option.tier": "Choose as this strategy does, whatever the model is called.",
    "option.paid": "Allow models that cost money (the settings must allow it too).",
    "option.private": "Ask nobody but models on this machine.",
    "option.verbose": "Tell on stderr what happens.",
    "option.host": "Address to listen on.",
    "option.port": "Port to listen on.",
    # -- chat
    "chat.help": "Ask, and read the answer. Needs no server.",
    "chat.example": "\b\nExamples:\n  wallasapi chat 'Why is the sky blue?'\n"
    "  git diff | wallasapi chat 'Review this' -m codigo\n"
    "  wallasapi chat -s @reviewer.txt --json 'Is this fine?' < patch.diff",
    "chat.no_stream": "Wait for the whole answer.",
    "chat.raw": "Do not render Markdown.",
    "chat.empty": "note: the answer is empty",
    "chat.cut": "note: the answer ended early ({why})",
    "chat.media": "note: the answer holds {count} picture(s) or sound(s), which a terminal cannot show",
    "chat.by": "{name} in {seconds:.2f} s, {tokens} ({why})",
    "chat.tokens": "{input} + {output} tokens",
    "chat.no_tokens": "tokens not reported",
    "chat.dropped": "not understood by this provider and left out: {fields}",
    "chat.tried": "  {provider}:{model}: {kind}: {said}",
    "chat.tried.more": "  and {count} more",
    "live.asking": "{mark} asking {name} {seconds:.1f} s{failed}",
    "live.failed": " (after {name}: {kind})",
    "live.attempt": "{name}: {kind} after {seconds:.2f} s: {said}",
    # -- what is asked
    "prompt.empty": "there is nothing to ask: no prompt, and nothing on standard input",
    "prompt.empty.hint": "wallasapi chat 'Why is the sky blue?'",
    "prompt.typing": "type the prompt, then Ctrl-D",
    "prompt.waiting": "waiting for standard input (Ctrl-C ends this; < /dev/null if there is none)",
    "prompt.unreadable": "cannot read standard input: {why}",
    "prompt.stdin": "standard input",
    "prompt.binary": "{name} is not text",
    "prompt.binary.hint": "chat sends text; convert it first",
    "prompt.picture": "{name} is not a picture that models take",
    "prompt.picture.hint": "PNG, JPEG, GIF, WebP or BMP",
    # -- money and keys
    "paid.off": "Paid models are switched off in the settings.",
    "paid.off.hint": "set WALLAS_ALLOW_PAID=true, or allow_paid = true below [routing] in {file}",
    "key.get": "{title} gives a free key in {minutes} minutes: {url}",
    "key.put": 'then: export {name}=your-key (or keys = ["your-key"] below [providers.{row}] in {file})',
}


def say(key: str, /, **values: object) -> str:
    """The sentence of that name, with the values in it."""
    return _ENGLISH[key].format(**values) if values else _ENGLISH[key]
