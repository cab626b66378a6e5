"""Every sentence that a person reads, in one place. Another language is another table with the same keys."""

from __future__ import annotations

_ENGLISH: dict[str, str] = {
    # -- the frame
    "root.help": "One endpoint and one command in front of every model you can reach, free ones first.\n\n"
    "Without a command: serve in this terminal.",
    "root.version": "Print the version.",
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
    "chat.tried.alike": " (and {count} more like it)",
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
    "key.free": "{title} gives a free key in {minutes} minutes: {url}",
    "key.make": "{title} has no key here; {minutes} minutes to make one: {url}",
    "key.put": 'then: export {name}=your-key (or keys = ["your-key"] below [providers.{row}] in {file})',
    # -- explain
    "explain.help": "Show who would be asked, and why the others would not. Asks nobody.",
    "explain.example": "\b\nExamples:\n  wallasapi explain 'Why is the sky blue?'\n"
    "  wallasapi explain -m gpt-4o --paid 'hi'\n  wallasapi explain -i photo.png 'What is this?' --json",
    "explain.image": "A picture that would be sent along; may be repeated.",
    "explain.head": "asked for: {asked}, chosen by: {profile}",
    "explain.signals": "the request shows: {signals}",
    "explain.nobody": "Nobody can be asked.",
    "explain.candidate": "candidate",
    "explain.score": "score",
    "explain.why": "why",
    "explain.last_resort": "{why}; failed lately, asked last",
    "explain.more": "and {count} more (-v shows all)",
    "explain.terms": "{name} in detail:",
    "explain.term": "  {name:8} {value:.3f} x {weight:.2f} = {points:.3f}  {why}",
    "explain.refused": "not asked:",
    "explain.group": "{provider} ({count} models)",
    # -- models and providers
    "models.help": "List what can be asked, or show all that is known of one model.",
    "models.example": "\b\nExamples:\n  wallasapi models --capability vision --pricing free\n"
    "  wallasapi models --search llama --all\n  wallasapi models groq:openai/gpt-oss-120b",
    "models.name": "One model, strategy or alias: everything about it.",
    "models.capability": "Only models that can do this: vision, tools, reasoning, embeddings, …",
    "models.provider": "Only this provider's.",
    "models.search": "Only ids that contain this.",
    "models.sort": "context, name, provider, latency or none.",
    "models.pricing": "Only free ones, or only paid ones.",
    "models.modality": "Only what takes or gives this: text, image, audio, video or pdf.",
    "models.dead": "Also models that exist no more.",
    "models.all": "Also models of providers that cannot be asked, for lack of a key for instance.",
    "models.none": "Nothing matches. `wallasapi models --all` shows also what cannot be asked yet.",
    "models.id": "MODEL",
    "models.window": "WINDOW",
    "models.cost": "COST",
    "models.latency": "LATENCY",
    "models.abilities": "WHAT IT DOES",
    "models.gone": "gone",
    "providers.help": "List the providers, and where to get a key for the others.",
    "providers.example": "\b\nExamples:\n  wallasapi providers\n  wallasapi providers --json",
    "providers.id": "PROVIDER",
    "providers.state": "STATE",
    "providers.models": "MODELS",
    "providers.free": "WHAT IS FREE",
    "providers.key": "TO GET A KEY FOR",
    "providers.time": "TAKES",
    "providers.where": "GO TO",
    "providers.minutes": "{minutes} min",
    "providers.ready": "ready, {count} key(s)",
    "providers.open": "ready",
    "providers.no_key": "no key",
    "providers.asleep": "asleep {span} ({why})",
    "providers.seconds_left": "{count} s",
    "providers.minutes_left": "{count} min",
    "providers.hours_left": "{count} h",
    "providers.card": " (needs a card)",
    # -- config
    "config.help": "Show which settings hold, and where each came from.",
    "config.example": "\b\nExamples:\n  wallasapi config path\n  wallasapi config explain",
    "config.path.help": "Print the path of the config.toml that is read.",
    "config.path.example": "\b\nExamples:\n  wallasapi config path\n  $EDITOR $(wallasapi config path)",
    "config.explain.help": "Show every value and where it came from. Keys show their last four characters.",
    "config.explain.example": "\b\nExamples:\n  wallasapi config explain\n"
    "  wallasapi config explain --config other.toml --json",
    "config.name": "NAME",
    "config.value": "VALUE",
    "config.source": "WHERE FROM",
    # -- serve
    "serve.help": "Serve OpenAI's clients: one endpoint for all your providers.",
    "serve.example": "\b\nExamples:\n  wallasapi serve --foreground\n"
    "  wallasapi serve --foreground --port 9000\n"
    "  PROXY_API_KEY=a-secret wallasapi serve --foreground --host 0.0.0.0",
    "serve.foreground": "Stay in this terminal until Ctrl-C.",
    "serve.insecure": "Let strangers in: listen beyond this machine without client keys.",
    "serve.background": "serving in the background is not there yet",
    "serve.background.hint": "`wallasapi serve --foreground` serves in this terminal",
    "serve.ready": "WallasAPI listens on {url}\n\n"
    "  OpenAI's clients:  OPENAI_BASE_URL={here}/v1  OPENAI_API_KEY={key}\n"
    "  try it:            curl {here}/v1/chat/completions{header} -d \\\n"
    '    \'{{"model": "auto", "messages": [{{"role": "user", "content": "Hi"}}]}}\'\n\n'
    "Ctrl-C stops it.",
    "serve.any_key": "anything",
    "serve.client_key": "one-of-your-client-keys",
    "serve.stopped": "stopped",
    # -- simulate
    "simulate.help": "Pretend to be providers, to test a program against every fault. "
    "Listens on this machine alone.",
    "simulate.example": "\b\nExamples:\n  wallasapi simulate --port 9999\n"
    "  wallasapi simulate --script groq=429-retry30 --script '*=c200-d5-die20'\n"
    "  wallasapi simulate --script faults.txt\n  wallasapi simulate --words",
    "simulate.script": "How a provider (`*`: every one) behaves, or a file of such lines. May be repeated.",
    "simulate.words": "Print the words that scripts are made of.",
    "simulate.line": "a script is PROVIDER=WORDS, not {line!r}",
    "simulate.line.hint": "groq=429-retry30, or a file of such lines; `wallasapi simulate --words` lists the words",
    "simulate.word": "scripts know no word {word}",
    "simulate.word.hint": "`wallasapi simulate --words` lists them",
    "simulate.port": "cannot listen on port {port}: {why}",
    "simulate.port.hint": "choose another --port, or none: a free one is taken",
    "simulate.ready": "Pretended providers listen on {url}\n\n"
    "  a provider is the first part of the path:  {url}/groq/openai/v1/chat/completions\n"
    '  a model may say how it behaves:            "model": "sim-429-retry30"\n'
    "  what was asked:                            curl {url}/_simulator/log\n"
    "  the words of scripts:                      wallasapi simulate --words\n\n"
    "Ctrl-C stops it.",
    # -- demo
    "demo.help": "Watch a choice and three failures, on pretended providers. Needs no key and no network.",
    "demo.example": "\b\nExamples:\n  wallasapi demo\n  wallasapi demo --json",
    "demo.begin": "Six pretended providers listen on {url}. Nothing leaves this machine,\n"
    "and nothing of yours is read: no key, no settings, no Ollama.",
    "demo.choice": "{number}. A choice: who is asked, and why (points where they differ)",
    "demo.limit": "{number}. The first choice is out of quota",
    "demo.error": "{number}. The first choice has an internal error (asked twice, then the next one; as a stream)",
    "demo.stall": "{number}. The first choice never says a word (as a stream; one second of patience here)",
    "demo.question": "  question: {question}",
    "demo.asking": "  asking {name}",
    "demo.no": "  {name} fails: {kind}{status}",
    "demo.status": " (HTTP {status})",
    "demo.right": "  right: {name} answered after {seconds:.2f} s, {count} request(s) sent",
    "demo.wrong": "  wrong: {what}",
    "demo.end": "{count} answers checked word by word, and each request against the pretended providers' log.\n"
    "For real answers:",
    "demo.failed": "the demonstration did not go as it should",
    "demo.late": "the demonstration took longer than {seconds:.0f} s",
    "demo.wrong.answer": "the answer should be {expected!r} and is {answer!r}",
    "demo.wrong.nobody": "nobody answered",
    "demo.wrong.failure": "the first choice should have failed as {expected}, the attempts were: {kinds}",
    "demo.wrong.failed": "nobody should have failed, the attempts were: {kinds}",
    "demo.wrong.same": "{provider} failed and answered",
    "demo.wrong.pieces": "a stream should come in pieces, it came in {pieces}",
    "demo.wrong.log": "the engine asked {ours}, the pretended providers saw {theirs}",
    # -- help
    "help.help": "Explain a command, the exit codes or the environment.",
    "help.example": "\b\nExamples:\n  wallasapi help exit-codes\n  wallasapi help chat",
    "help.topic": "A command, exit-codes or environment.",
    "help.unknown": "there is no help on {topic!r}.",
    "help.guess": " Did you mean {near!r}?",
    "help.known": "there is: {topics}",
    "help.exit-codes": """Exit codes of every command:

    0  it worked
    1  it failed: the request was wrong, too long or refused; the settings are wrong, a port is taken;
     or the output could not be written
    2  wrong usage of the command
    3  the server is not running (no command says this yet)
    4  nobody can be asked: no key, a key that is not accepted, or paid models that are not enabled
    5  everybody who could be asked has failed, or an answer broke off
    6  everybody is out of quota; the message says when the first one is back
    7  no answer in time
    8  no such model
  130  Ctrl-C
  141  who read the output has gone""",
    "help.environment": """Variables that are read. A flag wins over them, and they win over config.toml.

These may also stand in a file .env, in the working folder or beside the launcher:

  GEMINI_API_KEY, GROQ_API_KEY, …   keys; several separated by commas. `wallasapi providers` names them all
  WALLAS_ALLOW_PAID                 true: paid models may be asked, by who says --paid
  WALLAS_HOST, WALLAS_PORT          where `wallasapi serve` listens
  PROXY_API_KEY                     a key that clients of the server must show
  OLLAMA_UPSTREAM                   where Ollama listens, if not on this machine's port 11434

These only in the environment itself:

  WALLASAPI_HOME                    the folder of config.toml and of everything that is kept
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY   the way out
  NO_COLOR, CLICOLOR, CLICOLOR_FORCE   colours: off, off if 0, on also into a pipe
  WALLAS_DEBUG                      1: show where in the program an unexpected error came from""",
}


def say(key: str, /, **values: object) -> str:
    """The sentence of that name, with the values in it."""
    return _ENGLISH[key].format(**values) if values else _ENGLISH[key]
