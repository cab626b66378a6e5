"""Requests in few words."""

from __future__ import annotations

from typing import Any

from wallascli.vocab.chat import ChatRequest, Message, Role, Text, Tool

TOOL = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})


def user(text: str = "hi") -> Message:
    return Message(Role.USER, (Text(text),))


def asked(*messages: Message, **fields: Any) -> ChatRequest:
    """Without a message, a plain "hi" is asked."""
    return ChatRequest(model="auto", messages=messages or (user(),), **fields)
