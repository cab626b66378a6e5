"""All wires, by name."""

from __future__ import annotations

from wallascli.simulator import shapes_anthropic, shapes_cohere, shapes_gemini, shapes_ollama, shapes_openai
from wallascli.simulator.shape import Shape

SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        shapes_openai.SHAPE,
        shapes_gemini.SHAPE,
        shapes_anthropic.SHAPE,
        shapes_ollama.SHAPE,
        shapes_cohere.SHAPE,
    )
}
