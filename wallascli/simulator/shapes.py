"""All wires, by name."""

from __future__ import annotations

from wallascli.simulator import shapes_openai
from wallascli.simulator.shape import Shape

SHAPES: dict[str, Shape] = {shape.name: shape for shape in (shapes_openai.SHAPE,)}
