"""A loopback stand-in for AI providers: every wire, every fault, and answers that can be checked.

    async with Simulator(scripts={"groq": "500"}) as sim:
        ...  f"{sim.url}/groq/openai/v1/chat/completions"

The first segment of the path names the pretended provider. How it behaves is told by words, see
`wallascli.simulator.script`. `python -m wallascli.simulator --port 9999` runs it as a process.
"""

from wallascli.simulator.log import Entry
from wallascli.simulator.script import UnknownWord
from wallascli.simulator.simulator import Simulator, run

__all__ = ["Entry", "Simulator", "UnknownWord", "run"]
